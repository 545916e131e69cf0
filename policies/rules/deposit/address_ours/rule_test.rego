package tests.deposit.address_ours

import data.rules.deposit.address_ours as rule

deposit := {
	"lists": {"own_addresses": {"a": {}, "b": {"customer": "7"}}},
	"transaction": {"destinations": [{"address": "a"}, {"address": "b"}]},
}

holds(document) if rule.require.ADDRESS_NOT_OURS with input as document

test_ours if holds(deposit)

test_one_is_not if {
	every address in ["c", "A", ""] {
		not holds(object.union(deposit, {"transaction": {"destinations": [{"address": "a"}, {"address": address}]}}))
		not holds(object.union(deposit, {"transaction": {"destinations": [{"address": address}, {"address": "a"}]}}))
	}
	not holds(json.remove(deposit, ["lists/own_addresses/b"]))
}

test_another_list if {
	not holds(object.union(json.remove(deposit, ["lists/own_addresses"]), {"lists": {"sanctions": {"a": {}, "b": {}}}}))
}

test_absent_member if {
	every path in [
		"lists",
		"lists/own_addresses",
		"transaction",
		"transaction/destinations",
		"transaction/destinations/1/address",
	] {
		not holds(json.remove(deposit, [path]))
	}
}

test_message_and_values if {
	foreign := json.remove(deposit, ["lists/own_addresses/b"])
	startswith(rule.message.ADDRESS_NOT_OURS, "paid to b, not in own_addresses") with input as foreign
	startswith(rule.message.ADDRESS_NOT_OURS, "the list `own_addresses` is not loaded") with input as json.remove(deposit, ["lists"])
	rule.values == {"foreign": {"b"}} with input as foreign
}
