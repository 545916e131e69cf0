package tests.transfer.daily_limit

import data.rules.transfer.daily_limit as rule

limits := {"window": "24h", "hold": "1000000", "deny": "5000000"}

paying(spent, payment) := paying_from(spent, {"0xa": "0"}, payment)

paying_from(spent, spent_from, payment) := {
	"facts": {"daily_limit": {"spent": spent, "spent_from": spent_from}},
	"transaction": {"total_usd_micros": payment},
}

within(code, document, bounds) if {
	rule.require[code] with input as document with data.limits.daily as bounds
}

message(code, document) := text if {
	text := rule.message[code] with input as document with data.limits.daily as limits
}

codes := {"DAILY_LIMIT", "DAILY_SOFT_LIMIT"}

test_asks_what_the_wallet_spent if {
	query := rule.facts.spent with data.limits.daily as {"window": "7d"}
	query == {"kind": "sum", "of": "usd_micros", "by": ["wallet.id"], "window": "7d"}
}

test_asks_what_each_source_spent if {
	query := rule.facts.spent_from with data.limits.daily as {"window": "7d"}
	query == {"kind": "sum", "of": "usd_micros", "by": ["transaction.sources[].address"], "window": "7d"}
}

test_up_to_the_limit if {
	every pair in [["0", "0"], ["0", "1000000"], ["999999", "1"], ["1000000", "0"]] {
		within("DAILY_SOFT_LIMIT", paying(pair[0], pair[1]), limits)
	}
	within("DAILY_LIMIT", paying("0", "5000000"), limits)
	within("DAILY_LIMIT", paying("4999999", "1"), limits)
}

test_over_the_limit if {
	every pair in [["0", "1000001"], ["1000000", "1"], ["20000000", "0"]] {
		not within("DAILY_SOFT_LIMIT", paying(pair[0], pair[1]), limits)
	}
	not within("DAILY_LIMIT", paying("0", "5000001"), limits)
	not within("DAILY_LIMIT", paying("5000000", "1"), limits)
	not within("DAILY_LIMIT", paying("20000000000", "1"), limits)
}

# A wallet that was made up a moment ago.
test_over_the_limit_of_a_source if {
	every others in [{}, {"0xb": "0"}] {
		at_hold := object.union(others, {"0xa": "1000000"})
		at_deny := object.union(others, {"0xa": "5000000"})
		within("DAILY_SOFT_LIMIT", paying_from("0", at_hold, "0"), limits)
		not within("DAILY_SOFT_LIMIT", paying_from("0", at_hold, "1"), limits)
		within("DAILY_LIMIT", paying_from("0", at_hold, "1"), limits)
		within("DAILY_LIMIT", paying_from("0", at_deny, "0"), limits)
		not within("DAILY_LIMIT", paying_from("0", at_deny, "1"), limits)
	}
}

test_between_the_limits if {
	within("DAILY_LIMIT", paying("1000000", "1"), limits)
	not within("DAILY_SOFT_LIMIT", paying("1000000", "1"), limits)
}

test_exact_beyond_every_float if {
	large := object.union(limits, {"deny": "9007199254740993"})
	within("DAILY_LIMIT", paying("9007199254740992", "1"), large)
	not within("DAILY_LIMIT", paying("9007199254740993", "1"), large)
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "1e3", "01", 1, null, true, [], {}] {
		every code in codes {
			not within(code, paying(value, "1"), limits)
			not within(code, paying("1", value), limits)
			not within(code, paying_from("1", {"0xa": value}, "1"), limits)
			not within(code, paying_from("1", {"0xa": "0", "0xb": value}, "1"), limits)
		}
		not within("DAILY_LIMIT", paying("1", "1"), object.union(limits, {"deny": value}))
		not within("DAILY_SOFT_LIMIT", paying("1", "1"), object.union(limits, {"hold": value}))
	}
}

test_absent_member if {
	every path in [
		"facts",
		"facts/daily_limit",
		"facts/daily_limit/spent",
		"facts/daily_limit/spent_from",
		"facts/daily_limit/spent_from/0xa",
		"transaction",
		"transaction/total_usd_micros",
	] {
		every code in codes {
			not within(code, json.remove(paying("0", "1"), [path]), limits)
		}
	}
}

test_message_gives_total_and_limit_in_dollars if {
	document := paying("4800000", "300000")
	startswith(message("DAILY_LIMIT", document), "5.1 USD from the wallet in 24h with this payment, limit 5:")
	contains(message("DAILY_SOFT_LIMIT", document), "above 1 (limits.daily.hold) a person decides")
}

test_message_names_the_source_that_spent_more if {
	document := paying_from("4799999", {"0xa": "4800000", "0xb": "0"}, "300000")
	startswith(message("DAILY_LIMIT", document), "5.1 USD from 0xa in 24h with this payment, limit 5:")
	startswith(message("DAILY_SOFT_LIMIT", document), "5.1 USD from 0xa in 24h with this payment: above 1 ")
	rule.values.payer == "0xa" with input as document with data.limits.daily as limits
	rule.values.spent == "4800000" with input as document with data.limits.daily as limits
}

test_message_for_what_is_not_known if {
	every path in ["facts", "transaction/total_usd_micros"] {
		every code in codes {
			startswith(message(code, json.remove(paying("0", "1"), [path])), "not known in dollars")
		}
	}
}

test_values_give_what_was_compared if {
	expected := {"payer": "the wallet", "spent": "4800000", "payment": "300000", "after": "5100000", "limits": limits}
	rule.values == expected with input as paying("4800000", "300000") with data.limits.daily as limits
}

test_values_without_history if {
	rule.values == {"payment": "1", "limits": limits} with input as json.remove(paying("0", "1"), ["facts"])
		with data.limits.daily as limits
}
