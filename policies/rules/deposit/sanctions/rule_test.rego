package tests.deposit.sanctions

import data.rules.deposit.sanctions as rule

deposit := {
	"lists": {"sanctions": {}},
	"deposit": {"sources": [{"address": "s1"}, {"address": "s2"}]},
	"transaction": {"sources": [{"address": "s1"}, {"address": "s3"}], "destinations": [{"address": "ours"}]},
}

with_hits(hits) := object.union(deposit, {"lists": {"sanctions": hits}})

holds(document) if rule.require.SANCTIONED_SOURCE with input as document

message(document) := text if text := rule.message.SANCTIONED_SOURCE with input as document

test_nobody_is_listed if holds(deposit)

test_somebody_else_is_listed if {
	holds(with_hits({"x": {}}))
	holds(object.union(deposit, {"lists": {"labels": {"s1": {}}}}))
}

test_any_sender_is_listed if {
	every address in ["s1", "s2", "s3"] {
		every entry in [true, {}, {"name": "somebody"}, "OFAC", 0, ""] {
			not holds(with_hits({address: entry}))
		}
	}
}

test_only_one_place_names_the_senders if {
	every path in ["deposit/sources", "deposit", "transaction/sources", "transaction"] {
		holds(json.remove(deposit, [path]))
	}
	not holds(json.remove(with_hits({"s3": {}}), ["deposit"]))
	not holds(json.remove(with_hits({"s2": {}}), ["transaction"]))
}

test_a_sender_without_an_address_does_not_hide_the_others if {
	holds(json.remove(deposit, ["transaction/sources/0/address"]))
	not holds(json.remove(with_hits({"s3": {}}), ["transaction/sources/0/address"]))
}

test_no_sender_is_stated if holds({"lists": {"sanctions": {}}})

test_the_list_is_not_loaded if {
	not holds(json.remove(deposit, ["lists/sanctions"]))
	not holds(json.remove(deposit, ["lists"]))
	not holds({})
	every value in [null, true, "", "s1", 0, [], ["s1"]] {
		not holds(object.union(deposit, {"lists": {"sanctions": value}}))
	}
}

test_message if {
	startswith(message(with_hits({"s2": {}})), "from s2, on the sanctions list: do not book")
	startswith(message(json.remove(deposit, ["lists"])), "not looked up")
}

test_values_give_the_entries if rule.values == {"listed": {"s2": {"name": "n"}}} with input as with_hits({"s2": {"name": "n"}})
