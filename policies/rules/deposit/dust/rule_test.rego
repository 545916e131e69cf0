package tests.deposit.dust

import data.rules.deposit.dust as rule

limits := {"TRON": {"dust": "10"}, "ETH": {"dust": "0"}}

destination(token, units) := {"address": "ours", "amount": {"token": token, "units": units, "text": "1.5"}}

paying(destinations) := {"transaction": {"destinations": destinations}}

holds(document) if rule.require.DUST with input as document with data.deposits.tokens as limits

message(document) := text if text := rule.message.DUST with input as document with data.deposits.tokens as limits

test_more_than_dust if {
	holds(paying([destination("TRON", "11")]))
	holds(paying([destination("ETH", "1")]))
	holds(paying([destination("TRON", "90071992547409930"), destination("ETH", "1")]))
}

test_dust if {
	every units in ["0", "1", "10"] {
		not holds(paying([destination("TRON", units)]))
		not holds(paying([destination("TRON", "11"), destination("TRON", units)]))
		not holds(paying([destination("TRON", units), destination("TRON", "11")]))
	}
	not holds(paying([destination("ETH", "0")]))
}

test_no_limit_for_the_token if not holds(paying([destination("X", "1000000")]))

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 11, null, true, [], {}] {
		not holds(paying([destination("TRON", value)]))
		not rule.require.DUST with input as paying([destination("X", "11")]) with data.deposits.tokens as {"X": {"dust": value}}
	}
}

test_what_nobody_counted_is_for_other_rules if {
	holds(paying([{"address": "ours", "amount": {"token": "X", "text": "5"}}]))
	holds(paying([{"address": "ours"}]))
	not holds(paying([{"address": "ours"}, destination("TRON", "1")]))
}

test_absent_member if {
	every path in ["transaction", "transaction/destinations", "transaction/destinations/0/amount/token"] {
		not holds(json.remove(paying([destination("TRON", "11")]), [path]))
	}
}

test_message_and_values if {
	startswith(message(paying([destination("TRON", "1")])), "1.5 TRON is dust")
	startswith(message(paying([destination("X", "1")])), "no dust limit for X")
	startswith(message(paying([destination("TRON", null)])), "a dust limit is no string of digits")
	values := rule.values with input as paying([destination("TRON", "1"), destination("X", "1")]) with data.deposits.tokens as limits
	values == {"small": ["1.5 TRON"], "unset": {"X"}}
}
