package tests.withdrawal.destination_allowlist

import data.rules.withdrawal.destination_allowlist as rule

list := {"ETH": {"a": {"name": "cold"}, "b": {"memo": "7"}, "c": true, "d": "note", "e": {"memo": ""}}, "MNT": {"m": {}}}

paying(destinations) := {"transaction": {"chain": "ETH", "destinations": destinations}}

holds(document) if rule.require.DESTINATION_ALLOWLIST with input as document with data.allowlist as list

test_listed if {
	holds(paying([{"address": "a"}]))
	holds(paying([{"address": "a"}, {"address": "b", "memo": "7"}, {"address": "c"}, {"address": "d"}, {"address": "e"}]))
}

test_unlisted if {
	every destination in [
		{"address": "x"},
		{"address": "A"},
		{"address": "m"},
		{"address": "a", "memo": "7"},
		{"address": "b"},
		{"address": "b", "memo": "8"},
		{"memo": "7"},
	] {
		not holds(paying([destination]))
		not holds(paying([{"address": "a"}, destination]))
		not holds(paying([destination, {"address": "a"}]))
	}
}

test_an_empty_list if {
	not rule.require.DESTINATION_ALLOWLIST with input as paying([{"address": "a"}]) with data.allowlist as {}
}

test_absent_member if {
	every path in ["transaction", "transaction/chain", "transaction/destinations", "transaction/destinations/0/address"] {
		not holds(json.remove(paying([{"address": "a"}]), [path]))
	}
}

test_message_and_values if {
	document := paying([{"address": "a"}, {"address": "x", "memo": "9"}])
	text := rule.message.DESTINATION_ALLOWLIST with input as document with data.allowlist as list
	startswith(text, "pays x with memo 9, not in allowlist.ETH")
	values := rule.values with input as document with data.allowlist as list
	values == {"chain": "ETH", "unlisted": {"x with memo 9"}}
}
