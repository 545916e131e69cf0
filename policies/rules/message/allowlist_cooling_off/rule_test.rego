package tests.message.allowlist_cooling_off

import data.rules.message.allowlist_cooling_off as rule

now := 1735776000000

day := 86400000

added(ago) := {"name": "payee", "added_at": json.marshal(now - ago)}

list := {"ETH": {"0xb1": added(day), "0xb2": added(day - 1), "0xb3": {"name": "payee"}, "0xb4": added(-1)}}

takers := {"ETH": {"0xd1": added(day), "0xd2": added(day - 1)}}

doing(status, effects) := {
	"kind": "message_signing",
	"now": {"ms": now},
	"transaction": {"chain": "ETH", "sources": [{"address": "0xa1"}]},
	"evidence": {"status": status, "effects": effects},
}

holds(document) if {
	rule.require.ALLOWLIST_COOLING_OFF with input as document
		with data.allowlist as list
		with data.spenders as takers
		with data.limits.cooling_off as "24h"
}

words(document) := text if {
	text := rule.message.ALLOWLIST_COOLING_OFF with input as document
		with data.allowlist as list
		with data.spenders as takers
		with data.limits.cooling_off as "24h"
}

good := [
	{"type": "transfer", "to": "0xb1"},
	{"type": "permit", "to": "0xd1", "amount": {"units": "1"}},
	{"type": "permit", "to": "0xd9", "amount": {"units": "0"}},
	{"type": "fee", "to": "0xa1"},
	{"type": "fee", "to": "0xb1"},
	{"type": "call", "to": "0xb9"},
]

bad := [
	{"type": "transfer", "to": "0xb2"},
	{"type": "transfer", "to": "0xb3"},
	{"type": "transfer", "to": "0xb4"},
	{"type": "transfer", "to": "0xb9"},
	{"type": "transfer"},
	{"type": "fee", "to": "0xb2"},
	{"type": "approve", "to": "0xd2", "amount": {"units": "1"}},
	{"type": "permit", "to": "0xb1", "amount": {"units": "1"}},
	{"type": "permit", "to": "0xd9"},
	{"type": "operator_grant", "to": "0xd2"},
]

test_good_effects if {
	every effect in good {
		holds(doing("verified", [effect]))
	}
	holds(doing("verified", good))
}

test_one_bad_effect if {
	every effect in bad {
		not holds(doing("verified", [effect]))
		not holds(doing("verified", array.concat(good, [effect])))
		not holds(doing("mismatch", array.concat([effect], good)))
	}
}

test_messages_without_effects if {
	silent := json.remove(doing("verified", good), ["evidence/effects"])
	not holds(silent)
	holds(object.union(silent, {"evidence": {"text": "hello"}}))
	every status in ["absent", "undecodable", "unsupported"] {
		holds(object.union(silent, {"evidence": {"status": status}}))
	}
}

test_absent_member if {
	every path in ["now", "transaction", "transaction/chain", "evidence", "evidence/status", "evidence/effects/0/to"] {
		not holds(json.remove(doing("verified", good), [path]))
	}
}

test_words_name_it if {
	startswith(words(doing("verified", [bad[0]])), "listed less than 24h ago: 0xb2")
	startswith(words(doing("verified", [bad[1]])), "no added_at for 0xb3")
	startswith(words(json.remove(doing("verified", good), ["evidence/effects"])), "what the message does is not known")
	values := rule.values with input as doing("verified", [bad[0], bad[1]])
		with data.allowlist as list
		with data.limits.cooling_off as "24h"
	values == {"chain": "ETH", "fresh": ["0xb2"], "undated": ["0xb3"], "cooling_off": "24h"}
}
