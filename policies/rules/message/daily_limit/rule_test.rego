package tests.message.daily_limit

import data.rules.message.daily_limit as rule

limits := {"window": "24h", "hold": "1000000", "deny": "5000000"}

moving(spent, usd) := moving_from(spent, {"0xa": "0"}, usd)

moving_from(spent, spent_from, usd) := {
	"facts": {"daily_limit": {"spent": spent, "spent_from": spent_from}},
	"transaction": {"total_usd_micros": usd},
	"evidence": {"status": "verified", "effects": [{"type": "permit"}]},
}

within(code, document) if rule.require[code] with input as document with data.limits.daily as limits

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

test_up_to_the_limits if {
	within("DAILY_SOFT_LIMIT", moving("999999", "1"))
	within("DAILY_LIMIT", moving("4999999", "1"))
}

test_over_the_limits if {
	not within("DAILY_SOFT_LIMIT", moving("1000000", "1"))
	within("DAILY_LIMIT", moving("1000000", "1"))
	not within("DAILY_LIMIT", moving("5000000", "1"))
}

# A wallet that was made up a moment ago.
test_over_the_limits_of_a_source if {
	within("DAILY_SOFT_LIMIT", moving_from("0", {"0xa": "999999", "0xb": "0"}, "1"))
	not within("DAILY_SOFT_LIMIT", moving_from("0", {"0xa": "1000000", "0xb": "0"}, "1"))
	within("DAILY_LIMIT", moving_from("0", {"0xa": "4999999", "0xb": "0"}, "1"))
	not within("DAILY_LIMIT", moving_from("0", {"0xa": "5000000", "0xb": "0"}, "1"))
}

test_a_message_that_moves_nothing if {
	document := json.remove(moving("9000000", "0"), ["transaction/total_usd_micros"])
	every type in ["admin", "deploy", "delegatecall", "call", "unknown", "fee"] {
		some_effects := {"evidence": {"effects": [{"type": type}]}}
		within("DAILY_LIMIT", object.union(document, some_effects))
		within("DAILY_SOFT_LIMIT", object.union(document, some_effects))
	}
	every type in ["transfer", "approve", "permit", "operator_grant", "somethingnew"] {
		others := {"evidence": {"effects": [{"type": "call"}, {"type": type}]}}
		not within("DAILY_LIMIT", object.union(document, others))
		not within("DAILY_SOFT_LIMIT", object.union(document, others))
	}
	text := object.union(json.remove(document, ["evidence/effects"]), {"evidence": {"text": "hello"}})
	within("DAILY_LIMIT", text)
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true, [], {}] {
		every code in codes {
			not within(code, moving(value, "1"))
			not within(code, moving("1", value))
			not within(code, moving_from("1", {"0xa": value}, "1"))
		}
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
			not within(code, json.remove(moving("0", "1"), [path]))
		}
	}
}

test_words_give_total_and_limit if {
	startswith(message("DAILY_LIMIT", moving("5000000", "1")), "5.000001 USD from the wallet in 24h with this payment, limit 5:")
	startswith(message("DAILY_SOFT_LIMIT", moving("1000000", "1")), "1.000001 USD from the wallet in 24h")
	startswith(message("DAILY_LIMIT", {}), "not known in dollars")
	startswith(message("DAILY_LIMIT", moving_from("0", {"0xa": "5000000"}, "1")), "5.000001 USD from 0xa in 24h")
	expected := {"payer": "the wallet", "spent": "1", "payment": "2", "after": "3", "limits": limits}
	rule.values == expected with input as moving("1", "2") with data.limits.daily as limits
}
