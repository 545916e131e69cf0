package tests.transfer.no_authorization_list

import data.rules.transfer.no_authorization_list as rule

fee := {"type": "fee", "asset": "ETH", "from": "0xa1", "amount": {"token": "ETH", "units": "1", "usd_micros": "1"}}

doing(status, effects) := {
	"kind": "transaction_signing",
	"transaction": {"chain": "ETH", "sources": [{"address": "0xa1"}]},
	"evidence": {"status": status, "effects": effects},
}

unread(status) := json.remove(doing(status, [fee]), ["evidence/effects"])

holds(document) if {
	rule.require.NO_AUTHORIZATION_LIST with input as document
}

words(document) := text if {
	text := rule.message.NO_AUTHORIZATION_LIST with input as document
}

good := [
	{"type": "admin", "method": "swapOwner"},
	{"type": "admin", "selector": "0xe318b52b"},
	{"type": "transfer", "to": "0xf1"},
	{"type": "call", "method": "authorization(EIP-7702)"},
]

bad := [
	{"type": "admin", "to": "0xf1", "method": "authorization(EIP-7702)"},
	{"type": "admin", "to": "0xf1"},
	{"type": "somethingnew", "method": "x"},
	{"method": "swapOwner"},
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

test_absent_member if {
	document := doing("verified", [fee, good[0]])
	holds(document)
	every path in [
		"evidence",
		"evidence/status",
		"evidence/effects",
		"evidence/effects/1/type",
		"evidence/effects/1/method",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_words_name_it if {
	contains(words(doing("verified", [fee, bad[0]])), "lets 0xf1 act")
	contains(words(unread("verified")), "not known")
}

test_values_give_what_was_compared if {
	rule.values == {"delegates": ["0xf1"]} with input as doing("verified", [fee, bad[0]])
}
