package tests.withdrawal.sanctions

import data.rules.withdrawal.sanctions as rule

withdrawal := {
	"lists": {"sanctions": {}},
	"transaction": {
		"sources": [{"address": "s1"}, {"address": "s2"}],
		"destinations": [{"address": "d1"}, {"address": "d2"}],
	},
}

with_hits(hits) := object.union(withdrawal, {"lists": {"sanctions": hits}})

holds(document) if rule.require.SANCTIONED_PARTY with input as document

test_nobody_is_listed if {
	holds(withdrawal)
	holds(with_hits({"x": {}}))
}

test_one_is_listed if {
	every address in ["s1", "s2", "d1", "d2"] {
		not holds(with_hits({address: {}}))
		not holds(with_hits({address: "OFAC"}))
	}
}

test_absent_member if {
	every path in [
		"lists",
		"lists/sanctions",
		"transaction",
		"transaction/destinations",
		"transaction/destinations/1/address",
	] {
		not holds(json.remove(withdrawal, [path]))
	}
	holds(json.remove(withdrawal, ["transaction/sources"]))
	not holds(json.remove(with_hits({"s2": {}}), ["transaction/sources/0/address"]))
}

test_message_and_values if {
	startswith(rule.message.SANCTIONED_PARTY, "on the sanctions list: d2; freeze") with input as with_hits({"d2": {}})
	startswith(rule.message.SANCTIONED_PARTY, "not looked up") with input as {}
	rule.values == {"listed": {"d2": {"name": "n"}}} with input as with_hits({"d2": {"name": "n"}})
}
