package tests.message.sanctions

import data.rules.message.sanctions as rule

permit := {
	"kind": "message_signing",
	"lists": {"sanctions": {}},
	"transaction": {"sources": [{"address": "s1"}]},
	"evidence": {"status": "verified", "effects": [{"type": "permit", "asset": "a1", "from": "f1", "to": "t1"}, {"type": "call"}]},
}

with_hits(hits) := object.union(permit, {"lists": {"sanctions": hits}})

holds(document) if rule.require.SANCTIONS with input as document

test_nothing_is_listed if holds(permit)

test_another_address_is_listed if holds(with_hits({"x1": {"name": "somebody"}}))

test_one_address_is_listed if {
	every address in ["s1", "a1", "f1", "t1"] {
		every entry in [true, {}, {"name": "somebody"}, "somebody", 0, ""] {
			not holds(with_hits({address: entry}))
		}
	}
}

test_messages_without_effects if {
	silent := json.remove(permit, ["evidence/effects"])
	not holds(silent)
	holds(object.union(silent, {"evidence": {"text": "hello"}}))
	holds(object.union(silent, {"evidence": {"status": "unsupported"}}))
	not holds(object.union(silent, {"evidence": {"text": "hello"}, "lists": {"sanctions": {"s1": true}}}))
}

one := "0x00000000000000000000000000000000000000aa"

other := "0x00000000000000000000000000000000000000bb"

naming(words, address) := object.union(with_hits({address: true}), {"evidence": {"effects": [
	{"type": "transfer", "to": "t1"},
	{"type": "call", "to": "t1", "arguments": words},
]}})

test_an_address_that_a_call_is_given_is_listed if {
	every address in [one, other] {
		not holds(naming([{"type": "uint256", "value": "1"}, {"type": "address", "value": address}], address))
		not holds(naming([{"type": "address[]", "value": $`["{one}","{other}"]`}], address))
		not holds(naming([{"type": "(address,address)[]", "value": $`[["{other}","{one}"]]`}], address))
	}
	holds(naming([{"type": "address", "value": one}], other))
	holds(naming([{"type": "bytes", "value": one}], one))
}

test_what_is_no_list if {
	every value in [null, true, "", "t1", 0, [], ["t1"]] {
		not holds(object.union(permit, {"lists": {"sanctions": value}}))
	}
}

test_absent_member if {
	every path in ["lists", "lists/sanctions", "evidence", "evidence/status", "evidence/effects"] {
		not holds(json.remove(permit, [path]))
	}
}

test_words_name_the_address if {
	text := rule.message.SANCTIONS with input as with_hits({"t1": {"name": "somebody"}})
	startswith(text, "on the sanctions list: t1; do not sign")
	none := rule.message.SANCTIONS with input as json.remove(permit, ["lists"])
	startswith(none, "not looked up")
	rule.values == {"listed": {"t1": true}} with input as with_hits({"t1": true})
}
