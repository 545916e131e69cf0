package tests.transfer.own_funds

import data.rules.transfer.own_funds as rule

list := {"ETH": {"0xe1": {"name": "Safe"}, "0xe2": false}, "MNT": {"0xe3": {"name": "Safe"}}}

fee := {"type": "fee", "asset": "ETH", "from": "0xa1", "amount": {"token": "ETH", "units": "1", "usd_micros": "1"}}

doing(status, effects) := {
	"kind": "transaction_signing",
	"transaction": {"chain": "ETH", "sources": [{"address": "0xa1"}]},
	"evidence": {"status": status, "effects": effects},
}

unread(status) := json.remove(doing(status, [fee]), ["evidence/effects"])

holds(document) if {
	rule.require.OWN_FUNDS with input as document
		with data.accounts as list
}

words(document) := text if {
	text := rule.message.OWN_FUNDS with input as document
		with data.accounts as list
}

good := [
	{"type": "transfer", "from": "0xe1"},
	{"type": "transfer", "from": "0xa1"},
	{"type": "approve", "from": "0xa1"},
	{"type": "permit", "from": "0xe1"},
	{"type": "operator_grant", "from": "0xa1"},
	{"type": "call", "from": "0xe9"},
]

bad := [
	{"type": "transfer", "from": "0xe9"},
	{"type": "transfer", "from": "0xe2"},
	{"type": "approve", "from": "0xe3"},
	{"type": "permit", "from": "0xe9"},
	{"type": "operator_grant", "from": "0xe9"},
	{"type": "transfer"},
	{"type": "permit"},
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
		"evidence/effects/1/from",
		"transaction/chain",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_without_sources_only_listed_accounts if {
	every path in ["transaction/sources", "transaction/sources/0/address"] {
		holds(json.remove(doing("verified", [good[0]]), [path]))
		not holds(json.remove(doing("verified", [good[1]]), [path]))
	}
}

test_words_name_it if {
	contains(words(doing("verified", [fee, bad[0]])), "0xe9")
	contains(words(unread("verified")), "not known")
}

test_values_give_what_was_compared if {
	rule.values == {"chain": "ETH", "sources": {"0xa1"}, "foreign": {"0xe9"}} with input as doing("verified", [fee, bad[0]])
		with data.accounts as list
}
