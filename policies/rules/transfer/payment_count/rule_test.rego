package tests.transfer.payment_count

import data.rules.transfer.payment_count as rule

limits := {"window": "1h", "count": "10"}

paying(made, addresses) := paying_from(made, {"0xa": "0"}, addresses)

paying_from(made, made_from, addresses) := {
	"facts": {"payment_count": {"made": made, "made_from": made_from}},
	"transaction": {"destinations": [{"address": address} | some address in addresses]},
	"evidence": {"status": "unsupported"},
}

doing(made, types) := object.union(paying(made, ["a"]), {"evidence": {
	"status": "verified",
	"effects": [{"type": type} | some type in types],
}})

holds(document, bounds) if {
	rule.require.PAYMENT_COUNT with input as document with data.limits.payments as bounds
}

message(document) := text if {
	text := rule.message.PAYMENT_COUNT with input as document with data.limits.payments as limits
}

test_asks_how_many_the_wallet_made if {
	query := rule.facts.made with data.limits.payments as {"window": "day"}
	query == {"kind": "count", "by": ["wallet.id"], "window": "day"}
}

test_asks_how_many_each_source_made if {
	query := rule.facts.made_from with data.limits.payments as {"window": "day"}
	query == {"kind": "count", "by": ["transaction.sources[].address"], "window": "day"}
}

# A wallet that was made up a moment ago.
test_over_the_count_of_a_source if {
	holds(paying_from("0", {"0xa": "9", "0xb": "0"}, ["a"]), limits)
	not holds(paying_from("0", {"0xa": "10", "0xb": "0"}, ["a"]), limits)
	not holds(paying_from("0", {"0xa": "0", "0xb": "8"}, ["a", "b", "a"]), limits)
}

test_up_to_the_count if {
	holds(paying("0", ["a"]), limits)
	holds(paying("9", ["a"]), limits)
	holds(paying("7", ["a", "b", "a"]), limits)
}

test_over_the_count if {
	not holds(paying("10", ["a"]), limits)
	not holds(paying("8", ["a", "b", "a"]), limits)
	not holds(paying("100", ["a"]), limits)
}

test_what_the_bytes_pay if {
	holds(doing("9", ["transfer", "fee"]), limits)
	holds(doing("6", ["transfer", "approve", "permit", "operator_grant", "fee"]), limits)
	not holds(doing("7", ["transfer", "approve", "permit", "operator_grant", "fee"]), limits)
	not holds(doing("9", ["transfer", "transfer"]), limits)
}

test_a_call_is_a_payment if {
	holds(doing("9", ["call", "fee"]), limits)
	not holds(doing("10", ["call", "fee"]), limits)
	not holds(doing("0", []), limits)
}

test_what_is_no_count if {
	every value in ["", "-1", "1.5", "01", 1, null, true, [], {}] {
		not holds(paying(value, ["a"]), limits)
		not holds(paying_from("1", {"0xa": value}, ["a"]), limits)
		not holds(paying_from("1", {"0xa": "1", "0xb": value}, ["a"]), limits)
		not holds(paying("1", ["a"]), {"window": "1h", "count": value})
	}
}

test_absent_member if {
	every path in [
		"evidence",
		"evidence/status",
		"facts",
		"facts/payment_count",
		"facts/payment_count/made",
		"facts/payment_count/made_from",
		"facts/payment_count/made_from/0xa",
		"transaction",
		"transaction/destinations",
	] {
		not holds(json.remove(paying("0", ["a"]), [path]), limits)
	}
}

test_message_gives_number_and_limit if {
	startswith(message(paying("10", ["a"])), "11 payments from the wallet in 1h with this: above 10 a person decides")
	startswith(message(paying_from("9", {"0xa": "10"}, ["a"])), "11 payments from 0xa in 1h with this: above 10 ")
}

test_message_for_what_is_not_known if {
	startswith(message(json.remove(paying("0", ["a"]), ["facts"])), "not known how many")
	startswith(message(json.remove(paying("0", ["a"]), ["transaction"])), "not known how many")
}

test_values_give_what_was_compared if {
	expected := {"payer": "the wallet", "made": "10", "after": "11", "limits": limits}
	rule.values == expected with input as paying("10", ["a"]) with data.limits.payments as limits
}
