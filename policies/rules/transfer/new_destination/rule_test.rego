package tests.transfer.new_destination

import data.rules.transfer.new_destination as rule

limit := {"usd_micros": "1000000"}

destination(address, usd) := {"address": address, "amount": {"usd_micros": usd}}

paying(paid, destinations) := {
	"facts": {"new_destination": {"paid": paid}},
	"transaction": {"destinations": destinations},
	"evidence": {"status": "unsupported"},
}

# The same payments, and what the bytes do besides.
verified(paid, payments, effects) := object.union(paying(paid, payments), {"evidence": {
	"status": "verified",
	"effects": effects,
}})

moving(type, to, usd) := {"type": type, "to": to, "amount": {"usd_micros": usd}}

holds(document, bound) if {
	rule.require.NEW_DESTINATION with input as document with data.limits.new_destination as bound
}

message(document) := text if {
	text := rule.message.NEW_DESTINATION with input as document with data.limits.new_destination as limit
}

test_asks_all_of_history_of_the_wallet_on_the_chain if {
	members := ["wallet.id", "transaction.chain", "transaction.destinations[].address"]
	rule.facts == {"paid": {"kind": "count", "by": members}}
}

test_known if {
	holds(paying({"a": "1"}, [destination("a", "1000001")]), limit)
	holds(paying({"a": "1", "b": "70"}, [destination("a", "9000000"), destination("b", "9000000")]), limit)
	holds(paying({"a": "1"}, [destination("a", "1000001")]), {"usd_micros": "0"})
}

test_new_up_to_the_amount if {
	holds(paying({"a": "0"}, [destination("a", "1000000")]), limit)
	holds(paying({"a": "0", "b": "1"}, [destination("a", "1000000"), destination("b", "9000000")]), limit)
	holds(paying({"a": "0"}, [destination("a", "0")]), {"usd_micros": "0"})
}

test_new_above_the_amount if {
	not holds(paying({"a": "0"}, [destination("a", "1000001")]), limit)
	not holds(paying({"a": "0"}, [destination("a", "20000000000")]), limit)
	not holds(paying({"a": "1", "b": "0"}, [destination("a", "1"), destination("b", "1000001")]), limit)
	not holds(paying({"a": "0"}, [destination("a", "1")]), {"usd_micros": "0"})
}

test_new_ones_count_together if {
	not holds(paying({"a": "0", "b": "0"}, [destination("a", "600000"), destination("b", "600000")]), limit)
	not holds(paying({"a": "0"}, [destination("a", "600000"), destination("a", "600000")]), limit)
}

test_what_history_leaves_out_is_new if {
	not holds(paying({"b": "1"}, [destination("a", "1000001")]), limit)
	not holds(paying({}, [destination("a", "1000001")]), limit)
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true, [], {}] {
		not holds(paying({"a": value}, [destination("a", "1000001")]), limit)
		not holds(paying({"a": "1"}, [destination("a", value)]), limit)
		not holds(paying({"a": "1"}, [destination("a", "1")]), {"usd_micros": value})
	}
}

test_what_the_bytes_pay if {
	known := {"a": "1", "b": "0"}
	every type in ["transfer", "approve", "permit"] {
		holds(verified(known, [destination("a", "0")], [moving(type, "b", "1000000"), {"type": "fee"}]), limit)
		holds(verified(known, [destination("b", "9000000")], [moving(type, "a", "9000000")]), limit)
		not holds(verified(known, [destination("a", "0")], [moving(type, "b", "1000001"), {"type": "fee"}]), limit)
		not holds(verified(known, [], [moving(type, "b", "600000"), moving(type, "b", "600000")]), limit)
	}
}

test_what_the_bytes_pay_is_not_known if {
	every effect in [
		{"type": "transfer", "to": "a"},
		{"type": "transfer", "to": "a", "amount": {}},
		{"type": "transfer", "amount": {"usd_micros": "0"}},
		{"type": "operator_grant", "to": "a"},
	] {
		not holds(verified({"a": "1"}, [destination("a", "0")], [effect]), limit)
	}
	not holds(verified({"a": "1"}, [destination("a", "0")], []), limit)
}

test_bytes_that_pay_nobody if {
	holds(verified({"a": "0"}, [destination("a", "0")], [{"type": "call", "to": "a"}, {"type": "fee"}]), limit)
}

# The host refuses what lacks one of these; here what cannot be seen to be known is new.
test_absent_member if {
	document := paying({"a": "1", "b": "1"}, [destination("a", "1"), destination("b", "1000001")])
	holds(document, limit)
	every path in [
		"evidence",
		"evidence/status",
		"facts",
		"facts/new_destination",
		"facts/new_destination/paid",
		"facts/new_destination/paid/b",
		"transaction",
		"transaction/destinations",
		"transaction/destinations/1/address",
		"transaction/destinations/1/amount",
		"transaction/destinations/1/amount/usd_micros",
	] {
		not holds(json.remove(document, [path]), limit)
	}
}

test_message_names_the_new_ones if {
	document := paying({"a": "1", "b": "0"}, [destination("a", "1"), destination("b", "1500000")])
	startswith(message(document), "1.5 USD to b, which this wallet never paid: above 1 USD a person decides")
}

test_message_for_what_is_not_known if {
	document := paying({"a": "0"}, [destination("a", null)])
	startswith(message(document), "not known which destinations are new")
}

test_values_give_what_was_compared if {
	rule.values == {"new": {"b"}, "to_new": "1500000", "limit": "1000000"} with data.limits.new_destination as limit
		with input as paying({"a": "1", "b": "0"}, [destination("a", "1"), destination("b", "1500000")])
}
