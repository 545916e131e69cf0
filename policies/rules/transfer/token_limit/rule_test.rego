package tests.transfer.token_limit

import data.rules.transfer.token_limit as rule

bounds := {"window": "24h", "units": {"ETH": "1000", "USDT": "500"}}

paying(spent, payments) := paying_from(spent, {"0xa": "0"}, payments)

# The transaction names ETH.
paying_from(spent, spent_from, payments) := {
	"facts": {"token_limit": {"spent": spent, "spent_from": spent_from}},
	"transaction": {
		"token": "ETH",
		"destinations": [{"amount": {"token": token, "units": units}} | some token, units in payments],
		"totals": {token: {"token": token, "units": units} | some token, units in payments},
	},
}

holds(document, limit) if {
	rule.require.TOKEN_LIMIT with input as document with data.limits.token as limit
}

message(document, limit) := text if {
	text := rule.message.TOKEN_LIMIT with input as document with data.limits.token as limit
}

test_asks_what_the_wallet_spent_of_each_token if {
	query := rule.facts.spent with data.limits.token as {"window": "7d"}
	query == {"kind": "sum", "of": "units", "by": ["wallet.id", "transaction.totals[].token"], "window": "7d"}
}

test_asks_what_each_source_spent_of_the_token_that_is_named if {
	query := rule.facts.spent_from with data.limits.token as {"window": "7d"}
	by := ["transaction.token", "transaction.sources[].address"]
	query == {"kind": "sum", "of": "units", "by": by, "window": "7d"}
}

# A wallet that was made up a moment ago.
test_over_the_limit_of_a_source if {
	holds(paying_from({"ETH": "0"}, {"0xa": "999", "0xb": "0"}, {"ETH": "1"}), bounds)
	not holds(paying_from({"ETH": "0"}, {"0xa": "1000", "0xb": "0"}, {"ETH": "1"}), bounds)
	not holds(paying_from({"ETH": "0"}, {"0xa": "0", "0xb": "20000"}, {"ETH": "1"}), bounds)
	others := {"ETH": "0", "USDT": "0"}
	not holds(paying_from(others, {"0xa": "1000"}, {"ETH": "1", "USDT": "1"}), bounds)
}

test_another_token_than_the_one_that_is_named if {
	holds(paying_from({"USDT": "0"}, {"0xa": "20000"}, {"USDT": "500"}), bounds)
	not holds(paying_from({"USDT": "1"}, {"0xa": "0"}, {"USDT": "500"}), bounds)
}

test_up_to_the_limit if {
	holds(paying({"ETH": "0"}, {"ETH": "1000"}), bounds)
	holds(paying({"ETH": "999"}, {"ETH": "1"}), bounds)
	holds(paying({"ETH": "1000"}, {"ETH": "0"}), bounds)
	holds(paying({"ETH": "999", "USDT": "100"}, {"ETH": "1", "USDT": "400"}), bounds)
}

test_over_the_limit if {
	not holds(paying({"ETH": "0"}, {"ETH": "1001"}), bounds)
	not holds(paying({"ETH": "1000"}, {"ETH": "1"}), bounds)
	not holds(paying({"ETH": "20000"}, {"ETH": "0"}), bounds)
	not holds(paying({"ETH": "0", "USDT": "101"}, {"ETH": "1", "USDT": "400"}), bounds)
}

test_exact_beyond_every_float if {
	large := {"window": "24h", "units": {"ETH": "9007199254740993"}}
	holds(paying({"ETH": "9007199254740992"}, {"ETH": "1"}), large)
	not holds(paying({"ETH": "9007199254740993"}, {"ETH": "1"}), large)
}

test_a_token_without_a_limit if {
	not holds(paying({"BTC": "0"}, {"BTC": "1"}), bounds)
	not holds(paying({"BTC": "0", "ETH": "0"}, {"BTC": "1", "ETH": "1"}), bounds)
	not holds(paying({"ETH": "0"}, {"ETH": "1"}), {"window": "24h", "units": {}})
}

test_a_token_that_history_leaves_out if {
	not holds(paying({"ETH": "0"}, {"USDT": "1"}), bounds)
	not holds(paying({"ETH": "0"}, {"ETH": "1", "USDT": "1"}), bounds)
}

test_a_destination_left_out_of_the_totals if {
	document := paying({"ETH": "0"}, {"ETH": "1"})
	holds(document, bounds)
	every paid in [{"token": "ETH"}, {"token": "ETH", "units": "2"}, {"token": "USDT", "units": "1"}, {"units": "1"}, {}] {
		not holds(object.union(document, {"transaction": {"destinations": [{"amount": paid}]}}), bounds)
	}
}

test_a_contract_that_is_paid_nothing if {
	document := paying({"USDT": "0"}, {"USDT": "1"})
	nothing := {"transaction": {"destinations": [{"amount": {"token": "ETH", "units": "0"}}]}}
	holds(object.union(document, nothing), bounds)
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "1e3", "01", 1, null, true, [], {}] {
		not holds(paying({"ETH": value}, {"ETH": "1"}), bounds)
		not holds(paying({"ETH": "1"}, {"ETH": value}), bounds)
		not holds(paying_from({"ETH": "1"}, {"0xa": value}, {"ETH": "1"}), bounds)
		not holds(paying_from({"ETH": "1"}, {"0xa": "1", "0xb": value}, {"ETH": "1"}), bounds)
		not holds(paying({"ETH": "1"}, {"ETH": "1"}), {"window": "24h", "units": {"ETH": value}})
	}
}

test_absent_member if {
	document := paying({"ETH": "0", "USDT": "0"}, {"ETH": "1", "USDT": "1"})
	holds(document, bounds)
	every path in [
		"facts",
		"facts/token_limit",
		"facts/token_limit/spent",
		"facts/token_limit/spent/USDT",
		"facts/token_limit/spent_from",
		"facts/token_limit/spent_from/0xa",
		"transaction",
		"transaction/token",
		"transaction/totals",
		"transaction/totals/USDT/token",
		"transaction/totals/USDT/units",
		"transaction/destinations",
		"transaction/destinations/1/amount",
		"transaction/destinations/1/amount/token",
		"transaction/destinations/1/amount/units",
	] {
		not holds(json.remove(document, [path]), bounds)
	}
}

test_message_gives_total_and_limit if {
	text := message(paying({"ETH": "999"}, {"ETH": "2"}), bounds)
	startswith(text, "1001 units of ETH from the wallet in 24h with this one, limit 1000:")
}

test_message_names_the_source_that_spent_too_much if {
	text := message(paying_from({"ETH": "0"}, {"0xa": "0", "0xb": "999"}, {"ETH": "2"}), bounds)
	startswith(text, "1001 units of ETH from 0xb in 24h with this one, limit 1000:")
}

test_message_names_the_token_without_a_limit if {
	startswith(message(paying({"BTC": "0"}, {"BTC": "1"}), bounds), "no limit for BTC: set limits.token.units")
}

test_message_for_what_is_not_known if {
	document := paying({"ETH": "0"}, {"ETH": "1"})
	startswith(message(json.remove(document, ["facts"]), bounds), "not known in units")
	startswith(message(document, {"window": "24h", "units": {"ETH": 5}}), "not known in units")
}

test_values_give_what_was_compared if {
	expected := {
		"spent": {"ETH": "999"},
		"spent_from": {"0xa": "0"},
		"payment": {"ETH": "2"},
		"after": {"ETH": "1001"},
		"limits": {"ETH": "1000"},
	}
	rule.values == expected with input as paying({"ETH": "999"}, {"ETH": "2"}) with data.limits.token as bounds
}
