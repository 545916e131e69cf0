package tests.transfer.no_admin

import data.rules.transfer.no_admin as rule

fee := {"type": "fee", "asset": "ETH", "from": "0xa1", "amount": {"token": "ETH", "units": "1", "usd_micros": "1"}}

doing(status, effects) := {
	"kind": "transaction_signing",
	"transaction": {"chain": "ETH", "sources": [{"address": "0xa1"}]},
	"evidence": {"status": status, "effects": effects},
}

unread(status) := json.remove(doing(status, [fee]), ["evidence/effects"])

holds(document) if {
	rule.require.NO_ADMIN with input as document
}

words(document) := text if {
	text := rule.message.NO_ADMIN with input as document
}

good := [
	{"type": "transfer", "to": "0xf1"},
	{"type": "call", "to": "0xf1", "method": "swapOwner"},
	{"type": "unknown"},
	{"type": "delegatecall"},
]

bad := [
	{"type": "admin", "to": "0xf1", "method": "swapOwner"},
	{"type": "admin", "selector": "0xf2fde38b"},
	{"type": "admin"},
	{"type": "somethingnew"},
	{"type": ""},
	{},
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
		"evidence/effects/0/type",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_words_name_it if {
	contains(words(doing("verified", [fee, bad[0]])), "swapOwner to 0xf1")
	contains(words(unread("verified")), "not known")
}
