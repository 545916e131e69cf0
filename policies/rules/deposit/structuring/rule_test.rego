package tests.deposit.structuring

import data.rules.deposit.structuring as rule

expected := {"tokens": {"TRON": {"review": "1000"}}, "structuring": {"window": "24h", "count": "3"}}

# One deposit of so many units, and what each of its senders sent before.
after(sent, number, units) := {
	"facts": {"structuring": {"sent": sent, "number": number}},
	"deposit": {"sources": [{"address": address} | some address, _ in sent]},
	"transaction": {"destinations": [{"address": "ours", "amount": {"token": "TRON", "units": units}}]},
}

holds(document) if rule.require.STRUCTURING with input as document with data.deposits as expected

message(document) := text if text := rule.message.STRUCTURING with input as document with data.deposits as expected

test_asks_what_the_senders_sent if {
	facts := rule.facts with data.deposits as expected
	every query in facts {
		query.window == "24h"
		query.where == {"direction": "in"}
		query.by == ["transaction.token", "transaction.sources[].address"]
	}
	facts.sent.kind == "sum"
	facts.sent.of == "units"
	facts.number.kind == "count"
}

test_together_below if {
	holds(after({"s": "0"}, {"s": "0"}, "999"))
	holds(after({"s": "600"}, {"s": "12"}, "399"))
}

test_too_few_of_them if holds(after({"s": "900"}, {"s": "1"}, "900"))

test_large_by_itself if {
	holds(after({"s": "600"}, {"s": "12"}, "1000"))
	holds(after({"s": "600"}, {"s": "2"}, "9007199254740993"))
}

test_split if {
	not holds(after({"s": "600"}, {"s": "2"}, "400"))
	not holds(after({"s": "900"}, {"s": "2"}, "999"))
	not holds(after({"s": "1"}, {"s": "12"}, "999"))
}

test_any_of_the_senders if {
	not holds(after({"a": "0", "s": "600"}, {"a": "0", "s": "2"}, "400"))
	holds(after({"a": "0", "s": "500"}, {"a": "0", "s": "2"}, "400"))
}

test_no_amount_to_review_for_the_token if {
	document := after({"s": "0"}, {"s": "0"}, "1")
	not rule.require.STRUCTURING with input as document with data.deposits as object.union(expected, {"tokens": {"TRON": {"review": 1000}}})
	not rule.require.STRUCTURING with input as document with data.deposits.structuring as expected.structuring with data.deposits.tokens as {}
}

test_what_nobody_counted_is_for_other_rules if holds(json.remove(
	after({"s": "600"}, {"s": "2"}, "400"),
	["transaction/destinations/0/amount/units"],
))

test_no_sender_is_stated if {
	document := after({"s": "600"}, {"s": "2"}, "400")
	holds(json.remove(document, ["deposit", "facts"]))
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true, [], {}] {
		not holds(after({"s": value}, {"s": "2"}, "1"))
		not holds(after({"s": "600"}, {"s": value}, "400"))
		not holds(after({"s": "0"}, {"s": "0"}, value))
	}
}

test_absent_member if {
	document := after({"s": "900"}, {"s": "1"}, "900")
	holds(document)
	every path in [
		"facts",
		"facts/structuring",
		"facts/structuring/number",
		"facts/structuring/number/s",
		"transaction",
		"transaction/destinations",
		"transaction/destinations/0/amount/token",
	] {
		not holds(json.remove(document, [path]))
	}
	below := after({"s": "0"}, {"s": "5"}, "1")
	holds(below)
	every path in ["facts", "facts/structuring", "facts/structuring/sent", "facts/structuring/sent/s"] {
		not holds(json.remove(below, [path]))
	}
}

test_messages_and_values if {
	document := after({"s": "600"}, {"s": "2"}, "400")
	startswith(message(document), "s sent several in 24h, each below the amount to review")
	values := rule.values with input as document with data.deposits as expected
	values == {"splitting": {"s"}, "sent": {"s": "600"}, "number": {"s": "2"}, "limits": expected.structuring}
	unset := rule.message.STRUCTURING with input as document with data.deposits as {"tokens": {}, "structuring": expected.structuring}
	startswith(unset, "no amount to review for TRON")
}
