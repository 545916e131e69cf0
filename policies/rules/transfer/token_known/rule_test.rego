package tests.transfer.token_known

import data.rules.transfer.token_known as rule

list := {"ETH": {"chain": "ETH", "decimals": 18}, "USDT": {"chain": "ETH", "contract": "0xc1", "decimals": 6}, "MNT": {"chain": "MNT", "decimals": 18}}

fee := {"type": "fee", "asset": "ETH", "from": "0xa1", "amount": {"token": "ETH", "units": "1", "usd_micros": "1"}}

doing(status, effects) := {
	"kind": "transaction_signing",
	"transaction": {"chain": "ETH", "sources": [{"address": "0xa1"}]},
	"evidence": {"status": status, "effects": effects},
}

unread(status) := json.remove(doing(status, [fee]), ["evidence/effects"])

holds(document) if {
	rule.require.TOKEN_KNOWN with input as document
		with data.tokens as list
}

words(document) := text if {
	text := rule.message.TOKEN_KNOWN with input as document
		with data.tokens as list
}

good := [
	{"type": "transfer", "asset": "USDT"},
	{"type": "transfer", "asset": "ETH"},
	{"type": "approve", "asset": "USDT"},
	{"type": "permit", "asset": "USDT"},
	{"type": "operator_grant", "asset": "0xc9"},
	{"type": "call", "to": "0xc9"},
]

bad := [
	{"type": "transfer", "asset": "0xc9"},
	{"type": "transfer", "asset": "0xc1"},
	{"type": "transfer", "asset": "MNT"},
	{"type": "approve", "asset": "0xc9/7"},
	{"type": "permit", "asset": "native"},
	{"type": "transfer"},
	{"type": "approve"},
]

test_good_effects if {
	every effect in good {
		holds(doing("verified", [effect]))
		holds(doing("verified", [fee, effect]))
		holds(doing("mismatch", [effect, fee]))
	}
	holds(doing("verified", good))
}

test_one_bad_effect if {
	every effect in bad {
		not holds(doing("verified", [effect]))
		not holds(doing("verified", array.concat(good, [effect])))
		not holds(doing("verified", array.concat([effect], good)))
		not holds(doing("mismatch", [fee, effect]))
	}
}

test_bytes_that_nobody_read if {
	every status in ["absent", "undecodable", "unsupported"] {
		holds(unread(status))
	}
	every status in ["verified", "mismatch", "", "VERIFIED", null] {
		not holds(unread(status))
	}
}

test_no_effects_where_bytes_were_read if {
	every effects in [[], {}, null, "none", 0] {
		not holds(doing("verified", effects))
		not holds(doing("mismatch", effects))
	}
}

confirming(tokens) := {
	"kind": "withdrawal_confirmation",
	"transaction": {"chain": "ETH", "destinations": [{"amount": {"token": token}} | some token in tokens]},
	"evidence": {"status": "absent"},
}

test_a_confirmation_names_known_tokens if {
	holds(confirming(["ETH"]))
	holds(confirming(["ETH", "USDT"]))
}

test_a_confirmation_names_another if {
	every token in ["MNT", "X", "0xc1", "eth", ""] {
		not holds(confirming([token]))
		not holds(confirming(["ETH", token]))
		not holds(confirming([token, "ETH"]))
	}
	contains(words(confirming(["MNT"])), "MNT")
	contains(words(json.remove(confirming(["ETH"]), ["transaction/destinations"])), "nothing to look up")
}

test_absent_member_of_a_confirmation if {
	every path in [
		"kind",
		"evidence",
		"evidence/status",
		"transaction",
		"transaction/chain",
		"transaction/destinations",
		"transaction/destinations/0/amount/token",
	] {
		not holds(json.remove(confirming(["ETH"]), [path]))
	}
}

test_absent_member if {
	document := doing("verified", [fee, good[0]])
	holds(document)
	every path in [
		"evidence",
		"evidence/status",
		"evidence/effects",
		"evidence/effects/1/type",
		"evidence/effects/1/asset",
		"transaction/chain",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_words_name_it if {
	contains(words(doing("verified", [fee, bad[0]])), "0xc9")
	contains(words(unread("verified")), "not known")
}

test_values_give_what_was_compared if {
	rule.values == {"chain": "ETH", "unknown": {"0xc9"}} with input as doing("verified", [fee, bad[0]])
		with data.tokens as list
}
