package tests.transfer.confirmation_limits

import data.rules.transfer.confirmation_limits as rule

limits := {"window": "24h", "usd_micros": "1000000", "count": "5", "units": {"ETH": "100", "BTC": "10"}}

amount(token, units) := {"token": token, "units": units}

confirming(facts, amounts) := {
	"facts": {"confirmation_limits": facts},
	"transaction": {
		"destinations": [{"address": "a", "amount": each} | some each in amounts],
		"totals": {each.token: each | some each in amounts},
		"total_usd_micros": "300000",
	},
}

facts := {"spent": "700000", "units": {"ETH": "60", "BTC": "0"}, "made": "4"}

ordinary := confirming(facts, [amount("ETH", "40")])

changed(members) := object.union(ordinary, members)

holds(document) := {code | some code, fulfilled in codes; fulfilled} if {
	codes := rule.require with input as document with data.limits.confirmations as limits
}

words(document) := texts if texts := rule.message with input as document with data.limits.confirmations as limits

all := {"CONFIRMATION_LIMIT", "CONFIRMATION_TOKEN_LIMIT", "CONFIRMATION_COUNT"}

test_asks_what_left if {
	queries := rule.facts with data.limits.confirmations as limits
	queries.spent == {"kind": "sum", "of": "usd_micros", "by": [], "window": "24h"}
	queries.units == {"kind": "sum", "of": "units", "by": ["transaction.totals[].token"], "window": "24h"}
	queries.made == {"kind": "count", "by": [], "window": "24h"}
}

test_up_to_the_limits if holds(ordinary) == all

past(members) := changed({"facts": {"confirmation_limits": members}})

test_above_one if {
	holds(past({"spent": "700001"})) == all - {"CONFIRMATION_LIMIT"}
	holds(past({"units": {"ETH": "61"}})) == all - {"CONFIRMATION_TOKEN_LIMIT"}
	holds(past({"made": "5"})) == all - {"CONFIRMATION_COUNT"}
}

test_each_destination_counts if {
	both := confirming(object.union(facts, {"made": "3"}), [amount("ETH", "40"), amount("BTC", "10")])
	holds(both) == all
	holds(object.union(both, {"facts": {"confirmation_limits": {"made": "4"}}})) == all - {"CONFIRMATION_COUNT"}
	over := confirming(object.union(facts, {"made": "3"}), [amount("ETH", "40"), amount("BTC", "11")])
	holds(over) == all - {"CONFIRMATION_TOKEN_LIMIT"}
}

test_a_token_without_a_limit if {
	holds(confirming(object.union(facts, {"units": {"X": "0"}}), [amount("X", "1")])) == all - {"CONFIRMATION_TOKEN_LIMIT"}
}

test_a_destination_that_the_totals_hide if {
	every destination in [
		{"address": "b"},
		{"address": "b", "amount": {"token": "ETH"}},
		{"address": "b", "amount": amount("ETH", "41")},
		{"address": "b", "amount": amount("BTC", "1")},
	] {
		hidden := changed({"transaction": {"destinations": [destination]}})
		holds(hidden) == all - {"CONFIRMATION_TOKEN_LIMIT"}
	}
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true] {
		not "CONFIRMATION_LIMIT" in holds(changed({"facts": {"confirmation_limits": {"spent": value}}}))
		not "CONFIRMATION_LIMIT" in holds(changed({"transaction": {"total_usd_micros": value}}))
		not "CONFIRMATION_TOKEN_LIMIT" in holds(changed({"facts": {"confirmation_limits": {"units": {"ETH": value}}}}))
		not "CONFIRMATION_TOKEN_LIMIT" in holds(changed({"transaction": {"totals": {"ETH": amount("ETH", value)}}}))
		not "CONFIRMATION_COUNT" in holds(changed({"facts": {"confirmation_limits": {"made": value}}}))
	}
	every value in ["", 1000000, null, true] {
		codes := rule.require with input as ordinary
			with data.limits.confirmations as object.union(limits, {"usd_micros": value, "count": value, "units": {"ETH": value}})
		codes == {}
	}
}

test_exact_beyond_every_float if {
	huge := changed({"facts": {"confirmation_limits": {"spent": "9007199254740993"}}, "transaction": {"total_usd_micros": "0"}})
	within := rule.require.CONFIRMATION_LIMIT with input as huge with data.limits.confirmations.usd_micros as "9007199254740993"
	within
	not rule.require.CONFIRMATION_LIMIT with input as huge with data.limits.confirmations.usd_micros as "9007199254740992"
}

test_absent_member if {
	lacking := {
		"facts": all,
		"facts/confirmation_limits": all,
		"facts/confirmation_limits/spent": {"CONFIRMATION_LIMIT"},
		"facts/confirmation_limits/units": {"CONFIRMATION_TOKEN_LIMIT"},
		"facts/confirmation_limits/units/ETH": {"CONFIRMATION_TOKEN_LIMIT"},
		"facts/confirmation_limits/made": {"CONFIRMATION_COUNT"},
		"transaction": all,
		"transaction/total_usd_micros": {"CONFIRMATION_LIMIT"},
		"transaction/totals": {"CONFIRMATION_TOKEN_LIMIT"},
		"transaction/totals/ETH/units": {"CONFIRMATION_TOKEN_LIMIT"},
		"transaction/destinations": {"CONFIRMATION_TOKEN_LIMIT", "CONFIRMATION_COUNT"},
	}
	every path, codes in lacking {
		holds(json.remove(ordinary, [path])) == all - codes
	}
}

test_messages if {
	texts := words(past({"spent": "1200000", "units": {"ETH": "61"}, "made": "5"}))
	startswith(texts.CONFIRMATION_LIMIT, "1.5 USD leave in 24h with this, limit 1: wait")
	startswith(texts.CONFIRMATION_TOKEN_LIMIT, "101 units of ETH, limit 100 in 24h with this: wait")
	startswith(texts.CONFIRMATION_COUNT, "6 payments in 24h with this, 5 are usual")
	none := words(confirming(facts, [amount("X", "1")]))
	startswith(none.CONFIRMATION_TOKEN_LIMIT, "no limit for X")
	unknown := words(json.remove(ordinary, ["facts"]))
	startswith(unknown.CONFIRMATION_LIMIT, "not known in dollars")
	startswith(unknown.CONFIRMATION_TOKEN_LIMIT, "not known in units")
}

test_values_give_what_was_compared if {
	values := rule.values with input as ordinary with data.limits.confirmations as limits
	values == {"spent": "1000000", "made": "5", "units": {"ETH": "100"}, "limits": limits}
}
