package tests.transfer.token_limit

import data.rules.transfer.token_limit as rule

bounds := {"window": "24h", "units": {"ETH": "1000", "USDT": "500"}}

paid(token, units) := {"amount": {"token": token, "units": units}}

paying(spent, token, destinations) := {
	"facts": {"token_limit": {"spent": spent}},
	"transaction": {"token": token, "destinations": destinations},
}

holds(document, limit) if {
	rule.require.TOKEN_LIMIT with input as document with data.limits.token as limit
}

message(document, limit) := text if {
	text := rule.message.TOKEN_LIMIT with input as document with data.limits.token as limit
}

test_asks_what_the_wallet_spent_of_the_token if {
	query := rule.facts.spent with data.limits.token as {"window": "7d"}
	query == {"kind": "sum", "of": "units", "by": ["wallet.id", "transaction.token"], "window": "7d"}
}

test_up_to_the_limit if {
	holds(paying("0", "ETH", [paid("ETH", "1000")]), bounds)
	holds(paying("999", "ETH", [paid("ETH", "1")]), bounds)
	holds(paying("1000", "ETH", [paid("ETH", "0")]), bounds)
	holds(paying("100", "USDT", [paid("USDT", "200"), paid("USDT", "200")]), bounds)
}

test_over_the_limit if {
	not holds(paying("0", "ETH", [paid("ETH", "1001")]), bounds)
	not holds(paying("1000", "ETH", [paid("ETH", "1")]), bounds)
	not holds(paying("20000", "ETH", [paid("ETH", "0")]), bounds)
	not holds(paying("101", "USDT", [paid("USDT", "200"), paid("USDT", "200")]), bounds)
}

test_exact_beyond_every_float if {
	large := {"window": "24h", "units": {"ETH": "9007199254740993"}}
	holds(paying("9007199254740992", "ETH", [paid("ETH", "1")]), large)
	not holds(paying("9007199254740993", "ETH", [paid("ETH", "1")]), large)
}

test_a_token_without_a_limit if {
	not holds(paying("0", "BTC", [paid("BTC", "1")]), bounds)
	not holds(paying("0", "ETH", [paid("ETH", "1")]), {"window": "24h", "units": {}})
}

test_another_token_than_history_was_asked_for if {
	not holds(paying("0", "ETH", [paid("USDT", "1")]), bounds)
	not holds(paying("0", "ETH", [paid("ETH", "1"), paid("USDT", "1")]), bounds)
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "1e3", "01", 1, null, true, [], {}] {
		not holds(paying(value, "ETH", [paid("ETH", "1")]), bounds)
		not holds(paying("1", "ETH", [paid("ETH", value)]), bounds)
		not holds(paying("1", "ETH", [paid("ETH", "1")]), {"window": "24h", "units": {"ETH": value}})
	}
}

test_absent_member if {
	document := paying("0", "ETH", [paid("ETH", "1"), paid("ETH", "2")])
	every path in [
		"facts",
		"facts/token_limit",
		"facts/token_limit/spent",
		"transaction",
		"transaction/token",
		"transaction/destinations",
		"transaction/destinations/1/amount",
		"transaction/destinations/1/amount/token",
		"transaction/destinations/1/amount/units",
	] {
		not holds(json.remove(document, [path]), bounds)
	}
}

test_message_gives_total_and_limit if {
	text := message(paying("999", "ETH", [paid("ETH", "2")]), bounds)
	startswith(text, "1001 units of ETH in 24h with this payment, limit 1000:")
}

test_message_names_the_token_without_a_limit if {
	startswith(message(paying("0", "BTC", [paid("BTC", "1")]), bounds), "no limit for BTC: set limits.token.units")
}

test_message_of_another_token if {
	contains(message(paying("0", "ETH", [paid("USDT", "1")]), bounds), "paid in another token than ETH")
}

test_message_for_what_is_not_known if {
	document := paying("0", "ETH", [paid("ETH", "1")])
	startswith(message(json.remove(document, ["facts"]), bounds), "not known in units of ETH")
	startswith(message(document, {"window": "24h", "units": {"ETH": 5}}), "not known in units of ETH")
}

test_values_give_what_was_compared if {
	expected := {"token": "ETH", "spent": "999", "payment": "2", "after": "1001", "limit": "1000"}
	rule.values == expected with input as paying("999", "ETH", [paid("ETH", "2")]) with data.limits.token as bounds
}
