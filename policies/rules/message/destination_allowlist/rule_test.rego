package tests.message.destination_allowlist

import data.rules.message.destination_allowlist as rule

list := {"ETH": {"0xb1": {"name": "cold wallet"}, "0xb2": false}, "MNT": {"0xb3": {"name": "bridge"}}}

fee := {"type": "fee", "asset": "ETH", "from": "0xa1", "amount": {"token": "ETH", "units": "1", "usd_micros": "1"}}

doing(status, effects) := {
	"kind": "message_signing",
	"transaction": {"chain": "ETH", "sources": [{"address": "0xa1"}]},
	"evidence": {"status": status, "effects": effects},
}

unread(status) := json.remove(doing(status, [fee]), ["evidence/effects"])

holds(document) if {
	rule.require.DESTINATION_ALLOWLIST with input as document
		with data.allowlist as list
}

words(document) := text if {
	text := rule.message.DESTINATION_ALLOWLIST with input as document
		with data.allowlist as list
}

good := [
	{"type": "transfer", "to": "0xb1"},
	{"type": "approve", "to": "0xb9"},
	{"type": "call", "to": "0xb9"},
	{"type": "fee", "to": "0xb1"},
	{"type": "fee", "to": "0xa1"},
]

bad := [
	{"type": "transfer", "to": "0xb9"},
	{"type": "transfer", "to": "0xb2"},
	{"type": "transfer", "to": "0xb3"},
	{"type": "transfer"},
	{"type": "fee", "to": "0xb9"},
	{"type": "fee", "to": "0xb2"},
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

test_a_text_does_nothing if {
	text := json.remove(doing("verified", [fee]), ["evidence/effects"])
	holds(object.union(text, {"evidence": {"text": "hello"}}))
	not holds(object.union(text, {"evidence": {"text": "hello", "typed_data": {"primary_type": "Permit"}}}))
	every effect in bad {
		not holds(object.union(doing("verified", [effect]), {"evidence": {"text": "hello"}}))
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
		"evidence/effects/1/to",
		"transaction/chain",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_words_name_it if {
	contains(words(doing("verified", [fee, bad[0]])), "not listed: 0xb9")
	contains(words(unread("verified")), "not known")
}

test_values_give_what_was_compared if {
	rule.values == {"chain": "ETH", "unlisted": {"0xb9"}} with input as doing("verified", [fee, bad[0]])
		with data.allowlist as list
}
