package tests.deposit.usual

import data.rules.deposit.usual as rule

expected := {"tokens": {"TRON": {"usual": "1000"}}, "usual": {"window": "30d", "factor": "10"}}

destination(address, units) := {"address": address, "amount": {"token": "TRON", "units": units, "text": "1.5"}}

# What each address got, and in how many deposits.
after(received, number, destinations) := {
	"facts": {"usual": {"received": received, "number": number}},
	"transaction": {"destinations": destinations},
}

holds(document) if rule.require.UNUSUAL_AMOUNT with input as document with data.deposits as expected

message(document) := text if text := rule.message.UNUSUAL_AMOUNT with input as document with data.deposits as expected

test_asks_for_what_came_in if {
	facts := rule.facts with data.deposits as expected
	every query in facts {
		query.window == "30d"
		query.where == {"direction": "in"}
		query.by == ["transaction.token", "transaction.destinations[].address"]
	}
	facts.received.kind == "sum"
	facts.received.of == "units"
	facts.number.kind == "count"
}

test_up_to_what_is_always_usual if {
	holds(after({"a": "0"}, {"a": "0"}, [destination("a", "1000")]))
	holds(after({"a": "3"}, {"a": "3"}, [destination("a", "1000")]))
}

test_up_to_the_multiple_of_the_mean if {
	holds(after({"a": "600"}, {"a": "3"}, [destination("a", "2000")]))
	holds(after({"a": "601"}, {"a": "3"}, [destination("a", "2003")]))
	holds(after({"a": "9007199254740993"}, {"a": "1"}, [destination("a", "90071992547409930")]))
}

test_above_both if {
	not holds(after({"a": "600"}, {"a": "3"}, [destination("a", "2001")]))
	not holds(after({"a": "9007199254740993"}, {"a": "1"}, [destination("a", "90071992547409931")]))
	not holds(after({"a": "600", "b": "600"}, {"a": "3", "b": "3"}, [destination("b", "1"), destination("a", "2001")]))
}

test_the_first_deposit_has_no_mean if not holds(after({"a": "0"}, {"a": "0"}, [destination("a", "1001")]))

test_no_usual_amount_for_the_token if {
	not holds(after({"a": "0"}, {"a": "0"}, [{"address": "a", "amount": {"token": "X", "units": "1"}}]))
}

test_what_nobody_counted_is_for_other_rules if {
	holds(after({}, {}, [{"address": "a", "amount": {"token": "X", "text": "1"}}]))
	holds(after({}, {}, [{"address": "a"}]))
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true, [], {}] {
		not holds(after({"a": value}, {"a": "3"}, [destination("a", "1001")]))
		not holds(after({"a": "600"}, {"a": value}, [destination("a", "1001")]))
		not holds(after({"a": "600"}, {"a": "3"}, [destination("a", value)]))
	}
}

test_absent_member if {
	document := after({"a": "600"}, {"a": "3"}, [destination("a", "2000")])
	holds(document)
	every path in [
		"facts",
		"facts/usual",
		"facts/usual/received",
		"facts/usual/received/a",
		"facts/usual/number",
		"facts/usual/number/a",
		"transaction",
		"transaction/destinations",
		"transaction/destinations/0/address",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_messages_and_values if {
	document := after({"a": "600"}, {"a": "3"}, [destination("a", "2001")])
	startswith(message(document), "1.5 TRON to a: over 10 times its mean of 30d")
	unset := after({"a": "0"}, {"a": "0"}, [{"address": "a", "amount": {"token": "X", "units": "1"}}])
	startswith(message(unset), "no usual amount for X")
	values := rule.values with input as document with data.deposits as expected
	values == {"received": {"a": "600"}, "number": {"a": "3"}, "unusual": ["1.5 TRON to a"], "limits": expected.usual}
}
