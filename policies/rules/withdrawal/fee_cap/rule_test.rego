package tests.withdrawal.fee_cap

import data.rules.withdrawal.fee_cap as rule

caps := {"native": {"ETH": "100"}, "usd_micros": "50"}

costing(token, units, usd) := {"deposit": {"fee": {"token": token, "units": units, "usd_micros": usd, "text": "0.1"}}}

holds(document) if rule.require.FEE_CAP with input as document with data.limits.fee as caps

test_within if holds(costing("ETH", "100", "50"))

test_over_one_of_the_caps if {
	not holds(costing("ETH", "101", "50"))
	not holds(costing("ETH", "100", "51"))
	not holds(costing("ETH", "9007199254740993", "0"))
	not holds(costing("BTC", "1", "51"))
}

test_a_coin_without_a_cap_has_the_one_in_dollars if holds(costing("BTC", "9000000", "50"))

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true, [], {}] {
		not holds(costing("ETH", value, "1"))
		not holds(costing("ETH", "1", value))
	}
}

test_what_is_not_known if {
	holds({})
	holds({"deposit": {}})
	holds(json.remove(costing("ETH", "1", "51"), ["deposit/fee"]))
	holds(json.remove(costing("ETH", "101", "1"), ["deposit/fee/units"]))
	holds(json.remove(costing("ETH", "1", "51"), ["deposit/fee/usd_micros"]))
	not holds(json.remove(costing("ETH", "101", "1"), ["deposit/fee/usd_micros"]))
	not holds(json.remove(costing("ETH", "1", "1"), ["deposit/fee/token"]))
}

test_message_and_values if {
	startswith(rule.message.FEE_CAP, "cost 0.1 ETH, more than limits.fee allows") with input as costing("ETH", "101", "1")
	values := rule.values with input as costing("ETH", "101", "1") with data.limits.fee as caps
	values.limits == caps
	values.fee.units == "101"
}
