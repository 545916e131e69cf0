package tests.transfer.sanctions

import data.rules.transfer.sanctions as rule

transfer := {
	"lists": {"sanctions": {}},
	"transaction": {
		"sources": [{"address": "s1"}, {"address": "s2"}],
		"destinations": [{"address": "d1"}, {"address": "d2"}],
		"contract": {"address": "c1"},
	},
	"evidence": {
		"status": "verified",
		"effects": [{"type": "transfer", "asset": "a1", "from": "f1", "to": "t1"}, {"type": "deploy"}],
	},
}

with_hits(hits) := object.union(transfer, {"lists": {"sanctions": hits}})

holds(document) if rule.require.SANCTIONS with input as document

message(document) := text if text := rule.message.SANCTIONS with input as document

test_nothing_is_listed if holds(transfer)

test_another_address_is_listed if holds(with_hits({"d3": {"name": "somebody"}}))

test_another_list_says_nothing if holds(object.union(transfer, {"lists": {"labels": {"d1": {"name": "payee"}}}}))

test_one_address_is_listed if {
	every address in ["s1", "s2", "d1", "d2", "c1", "a1", "f1", "t1"] {
		every entry in [true, {}, {"name": "somebody"}, "somebody", 0, ""] {
			not holds(with_hits({address: entry}))
		}
	}
}

test_without_sources_or_contract if {
	document := json.remove(transfer, ["transaction/sources", "transaction/contract"])
	holds(document)
	not holds(object.union(document, {"lists": {"sanctions": {"d2": {}}}}))
}

test_a_source_without_an_address_does_not_hide_the_others if {
	document := json.remove(transfer, ["transaction/sources/0/address"])
	holds(document)
	not holds(object.union(document, {"lists": {"sanctions": {"s2": {}}}}))
}

test_bytes_that_nobody_read if {
	document := json.remove(transfer, ["evidence/effects"])
	not holds(document)
	every status in ["absent", "undecodable", "unsupported"] {
		holds(object.union(document, {"evidence": {"status": status}}))
	}
}

test_absent_member if {
	every path in [
		"evidence",
		"evidence/status",
		"evidence/effects",
		"lists",
		"lists/sanctions",
		"transaction",
		"transaction/destinations",
		"transaction/destinations/1/address",
	] {
		not holds(json.remove(transfer, [path]))
	}
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
	every value in [null, true, "", "d1", 0, [], ["d1"]] {
		not holds(object.union(transfer, {"lists": {"sanctions": value}}))
	}
}

test_message_for_what_was_not_looked_up if {
	every path in ["lists", "lists/sanctions", "transaction/destinations"] {
		startswith(message(json.remove(transfer, [path])), "not looked up")
	}
}

test_message_names_the_address if {
	startswith(message(with_hits({"d2": {"name": "somebody"}})), "on the sanctions list: d2; do not sign")
}

test_values_give_the_entries if {
	rule.values == {"listed": {"d2": {"name": "somebody"}}} with input as with_hits({"d2": {"name": "somebody"}})
}
