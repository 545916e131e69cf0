package tests.transfer.repeated_payment

import data.rules.transfer.repeated_payment as rule

window := {"window": "10m"}

destination(address, units) := {
	"address": address,
	"amount": {"token": "ETH", "units": units},
}

paying(earlier, destinations) := {
	"facts": {"repeated_payment": {
		"number": {address: pair[0] | some address, pair in earlier},
		"total": {address: pair[1] | some address, pair in earlier},
		"first": {address: times(pair)[0] | some address, pair in earlier},
		"last": {address: times(pair)[1] | some address, pair in earlier},
		"any": {address: times(pair)[1] | some address, pair in earlier},
	}},
	"transaction": {"token": "ETH", "destinations": destinations},
	"evidence": {"status": "unsupported"},
}

# When the first and the last of them came.
times(pair) := ["9", "0"] if pair[0] == "0"

times(pair) := ["7", "7"] if pair[0] == "1"

times(pair) := ["6", "7"] if not pair[0] in {"0", "1"}

verified(earlier, effects) := object.union(paying(earlier, [destination("x", "0")]), {"evidence": {
	"status": "verified",
	"effects": effects,
}})

moving(token, to, units) := {"type": "transfer", "asset": token, "to": to, "amount": {"units": units}}

holds(document) if {
	rule.require.REPEATED_PAYMENT with input as document with data.limits.repeated as window
}

message(document) := text if {
	text := rule.message.REPEATED_PAYMENT with input as document with data.limits.repeated as window
}

test_asks_number_and_total_by_token_and_destination if {
	facts := rule.facts with data.limits.repeated as {"window": "30m"}
	every query in facts {
		query.window == "30m"
	}
	every query in [facts.number, facts.total, facts.first, facts.last] {
		query.by == ["transaction.token", "transaction.destinations[].address"]
	}
	facts.any == {"kind": "last", "by": ["transaction.destinations[].address"], "window": "30m"}
	facts.number.kind == "count"
	facts.first.kind == "first"
	facts.last.kind == "last"
	facts.total.kind == "sum"
	facts.total.of == "units"
}

test_no_earlier_payment if {
	holds(paying({"a": ["0", "0"]}, [destination("a", "5")]))
	holds(paying({"a": ["0", "0"]}, [destination("a", "0")]))
}

# What the host adds of a replacement is what it exceeds the replaced one by: nothing, where that was before the window.
test_a_replacement_of_what_was_paid_before_the_window if {
	earlier := paying({"a": ["0", "0"]}, [destination("a", "5")])
	not holds(object.union(earlier, {"facts": {"repeated_payment": {"last": {"a": "7"}}}}))
	dearer := paying({"a": ["0", "2"]}, [destination("a", "7")])
	not holds(object.union(dearer, {"facts": {"repeated_payment": {"first": {"a": "7"}, "last": {"a": "7"}}}}))
}

# Of two signings of one nonce the larger is the total, and either may have been mined.
test_a_replacement_of_another_amount if {
	earlier := paying({"a": ["1", "7"]}, [destination("a", "5")])
	holds(earlier)
	not holds(object.union(earlier, {"facts": {"repeated_payment": {"first": {"a": "6"}, "last": {"a": "7"}}}}))
}

test_when_the_one_earlier_payment_came_is_not_known if {
	document := paying({"a": ["1", "4"]}, [destination("a", "3")])
	holds(document)
	every path in ["first", "last", "first/a", "last/a"] {
		not holds(json.remove(document, [$"facts/repeated_payment/{path}"]))
	}
}

test_one_earlier_payment_of_another_amount if {
	holds(paying({"a": ["1", "4"]}, [destination("a", "5")]))
	holds(paying({"a": ["1", "6"]}, [destination("a", "5")]))
}

test_one_earlier_payment_of_the_same_amount if {
	not holds(paying({"a": ["1", "5"]}, [destination("a", "5")]))
	not holds(paying({"a": ["1", "0"]}, [destination("a", "0")]))
}

test_several_earlier_payments_that_are_too_small if {
	holds(paying({"a": ["2", "4"]}, [destination("a", "5")]))
	holds(paying({"a": ["12", "4"]}, [destination("a", "20")]))
}

test_several_earlier_payments_of_which_one_may_be_the_same if {
	not holds(paying({"a": ["2", "5"]}, [destination("a", "5")]))
	not holds(paying({"a": ["2", "6"]}, [destination("a", "5")]))
	not holds(paying({"a": ["12", "20"]}, [destination("a", "5")]))
	not holds(paying({"a": ["2", "0"]}, [destination("a", "0")]))
}

test_every_destination_counts if {
	earlier := {"a": ["1", "5"], "b": ["0", "0"]}
	holds(paying(earlier, [destination("a", "4"), destination("b", "5")]))
	not holds(paying(earlier, [destination("a", "5"), destination("b", "5")]))
	not holds(paying(earlier, [destination("b", "5"), destination("a", "5")]))
}

test_another_token_than_history_was_asked_for if {
	document := object.union(paying({"a": ["0", "0"]}, [destination("a", "5")]), {"transaction": {"token": "USDT"}})
	holds(document)
	every made in ["1", "12", "", "00", null, 0, true] {
		not holds(object.union(document, {"facts": {"repeated_payment": {"any": {"a": made}}}}))
	}
	not holds(json.remove(document, ["transaction/token"]))
}

test_what_the_bytes_pay if {
	earlier := {"a": ["1", "5"], "b": ["0", "0"]}
	holds(verified(earlier, [moving("ETH", "a", "4"), moving("ETH", "b", "5"), {"type": "fee"}]))
	not holds(verified(earlier, [moving("ETH", "a", "5"), {"type": "fee"}]))
	not holds(verified(earlier, [moving("ETH", "b", "5"), moving("ETH", "a", "5")]))
	holds(verified(earlier, [moving("USDT", "b", "5")]))
	not holds(verified(earlier, [moving("USDT", "a", "4")]))
}

test_what_the_bytes_pay_is_not_known if {
	every effect in [
		{"type": "transfer", "asset": "ETH", "to": "b"},
		{"type": "transfer", "asset": "ETH", "amount": {"units": "1"}},
		{"type": "transfer", "to": "b", "amount": {"units": "1"}},
		{"type": "transfer", "asset": "ETH", "to": "c", "amount": {"units": "1"}},
	] {
		not holds(verified({"b": ["0", "0"]}, [effect]))
	}
	not holds(verified({"x": ["0", "0"]}, []))
}

test_an_approval_is_no_payment if {
	holds(verified({"a": ["1", "5"]}, [object.union(moving("ETH", "a", "5"), {"type": "approve"})]))
}

test_exact_beyond_every_float if {
	holds(paying({"a": ["1", "9007199254740993"]}, [destination("a", "9007199254740992")]))
	not holds(paying({"a": ["1", "9007199254740993"]}, [destination("a", "9007199254740993")]))
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true, [], {}] {
		not holds(paying({"a": [value, "0"]}, [destination("a", "5")]))
		not holds(paying({"a": ["0", value]}, [destination("a", "5")]))
		not holds(paying({"a": ["0", "0"]}, [destination("a", value)]))
	}
}

test_absent_member if {
	document := paying({"a": ["0", "0"], "b": ["0", "0"]}, [destination("a", "5"), destination("b", "5")])
	holds(document)
	every path in [
		"evidence",
		"evidence/status",
		"facts",
		"facts/repeated_payment",
		"facts/repeated_payment/number",
		"facts/repeated_payment/number/b",
		"facts/repeated_payment/last",
		"facts/repeated_payment/last/b",
		"facts/repeated_payment/total",
		"facts/repeated_payment/total/b",
		"transaction",
		"transaction/token",
		"transaction/destinations",
		"transaction/destinations/1/address",
		"transaction/destinations/1/amount",
		"transaction/destinations/1/amount/token",
		"transaction/destinations/1/amount/units",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_message_names_the_payment if {
	document := paying({"a": ["1", "5"], "b": ["0", "0"]}, [destination("a", "5"), destination("b", "5")])
	startswith(message(document), "5 units of ETH to a: perhaps paid already within 10m")
}

test_message_for_what_is_not_known if {
	startswith(message({"transaction": {}}), "not known whether a destination was paid the same amount before")
}

test_values_give_what_was_compared if {
	rule.values == {
		"repeated": ["5 units of ETH to a"],
		"number": {"a": "1"},
		"total": {"a": "5"},
		"window": "10m",
	} with input as paying({"a": ["1", "5"]}, [destination("a", "5")]) with data.limits.repeated as window
}
