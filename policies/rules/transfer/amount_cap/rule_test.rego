package tests.transfer.amount_cap

import data.rules.transfer.amount_cap as rule

caps := {"ETH": "1000000000000000000", "USDT": "500"}

amount(token, units) := {"token": token, "units": units}

paying(token, units) := {"transaction": {
	"destinations": [{"amount": amount(token, units)}],
	"totals": {token: amount(token, units)},
}}

batch := {"transaction": {
	"destinations": [{"amount": amount("ETH", "1")}, {"amount": amount("USDT", "500")}],
	"totals": {"ETH": amount("ETH", "1"), "USDT": amount("USDT", "500")},
}}

holds(document, limits) if {
	rule.require.AMOUNT_CAP with input as document with data.limits.per_transaction as limits
}

message(document, limits) := text if {
	text := rule.message.AMOUNT_CAP with input as document with data.limits.per_transaction as limits
}

test_within_the_cap if {
	holds(paying("ETH", "0"), caps)
	holds(paying("ETH", "999999999999999999"), caps)
	holds(paying("ETH", "1000000000000000000"), caps)
	holds(batch, caps)
}

test_over_the_cap if {
	not holds(paying("ETH", "1000000000000000001"), caps)
	not holds(paying("ETH", "20000000000000000000"), caps)
	not holds(paying("USDT", "501"), caps)
}

test_the_total_counts_not_each_destination if {
	not holds(
		{"transaction": {
			"destinations": [{"amount": amount("USDT", "300")}, {"amount": amount("USDT", "300")}],
			"totals": {"USDT": amount("USDT", "600")},
		}},
		caps,
	)
}

test_a_destination_left_out_of_the_totals if {
	not holds(
		{"transaction": {
			"destinations": [{"amount": amount("ETH", "1")}, {"amount": amount("USDT", "501")}],
			"totals": {"ETH": amount("ETH", "1")},
		}},
		caps,
	)
}

test_one_token_of_several_over_its_cap if {
	not holds(object.union(batch, {"transaction": {"totals": {"USDT": amount("USDT", "501")}}}), caps)
}

test_a_token_without_a_cap if {
	not holds(paying("BTC", "1"), caps)
	not holds(paying("ETH", "1"), {})
}

test_what_is_no_amount if {
	every units in ["", "-1", "1.5", "1e3", "01", 1, null, true, [], {}] {
		not holds(paying("ETH", units), caps)
		not holds(paying("ETH", "1"), {"ETH": units})
	}
}

test_absent_member if {
	every path in [
		"transaction",
		"transaction/totals",
		"transaction/totals/USDT/token",
		"transaction/totals/USDT/units",
		"transaction/destinations",
		"transaction/destinations/1/amount",
		"transaction/destinations/1/amount/token",
		"transaction/destinations/1/amount/units",
	] {
		not holds(json.remove(batch, [path]), caps)
	}
}

test_message_gives_amount_and_cap if {
	dollars := {"transaction": {"totals": {"USDT": {"token": "USDT", "units": "501", "text": "5.01"}}}}
	startswith(message(dollars, caps), "5.01 USDT is 501 units, cap 500")
}

test_message_names_the_token_without_a_cap if {
	startswith(message(paying("BTC", "1"), caps), "no cap for BTC: set limits.per_transaction")
}

test_message_names_the_missing_cap_first if {
	both := object.union(paying("BTC", "1"), paying("USDT", "501"))
	startswith(message(both, caps), "no cap for BTC")
}

test_message_for_an_amount_that_is_not_known if {
	contains(message(json.remove(paying("ETH", "1"), ["transaction/totals/ETH/units"]), caps), "not known exactly")
	contains(message(paying("ETH", "1"), {"ETH": 5}), "not known exactly")
}

test_values_give_amounts_and_caps if {
	rule.values == {"paid": {"USDT": "501"}, "caps": {"USDT": "500"}} with input as paying("USDT", "501")
		with data.limits.per_transaction as caps
}
