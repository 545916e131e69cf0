package tests.message.token_limit

import data.rules.message.token_limit as rule

bounds := {"window": "24h", "units": {"ETH": "1000", "USDT": "500"}}

moving(spent, amounts) := {
	"facts": {"token_limit": {"spent": spent}},
	"transaction": {"totals": {token: {"token": token, "units": units} | some token, units in amounts}},
}

holds(document) if rule.require.TOKEN_LIMIT with input as document with data.limits.token as bounds

message(document) := text if text := rule.message.TOKEN_LIMIT with input as document with data.limits.token as bounds

test_asks_what_the_wallet_spent_of_each_token if {
	query := rule.facts.spent with data.limits.token as {"window": "7d"}
	query == {"kind": "sum", "of": "units", "by": ["wallet.id", "transaction.totals[].token"], "window": "7d"}
}

test_up_to_the_limit if {
	holds(moving({"ETH": "0"}, {"ETH": "0"}))
	holds(moving({"ETH": "999", "USDT": "100"}, {"ETH": "1", "USDT": "400"}))
}

test_over_the_limit if {
	not holds(moving({"ETH": "1000"}, {"ETH": "1"}))
	not holds(moving({"ETH": "0", "USDT": "101"}, {"ETH": "1", "USDT": "400"}))
	not holds(moving({"BTC": "0"}, {"BTC": "1"}))
	not holds(moving({"ETH": "0"}, {"USDT": "1"}))
}

test_a_message_that_moves_nothing if {
	every type in ["admin", "deploy", "delegatecall", "call", "unknown", "fee"] {
		holds(doing([type]))
	}
	every type in ["transfer", "approve", "permit", "operator_grant", "somethingnew"] {
		not holds(doing(["call", type]))
	}
	not holds(doing([]))
	holds({"kind": "message_signing", "evidence": {"status": "verified", "text": "hello"}})
	holds({"evidence": {"status": "unsupported"}})
}

doing(types) := {"evidence": {"status": "verified", "effects": [{"type": type} | some type in types]}}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true, [], {}] {
		not holds(moving({"ETH": value}, {"ETH": "1"}))
		not holds(moving({"ETH": "1"}, {"ETH": value}))
	}
}

test_absent_member if {
	document := moving({"ETH": "0", "USDT": "0"}, {"ETH": "1", "USDT": "1"})
	holds(document)
	every path in [
		"facts",
		"facts/token_limit/spent",
		"facts/token_limit/spent/USDT",
		"transaction",
		"transaction/totals",
		"transaction/totals/USDT/token",
		"transaction/totals/USDT/units",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_words_give_total_and_limit if {
	contains(message(moving({"ETH": "999"}, {"ETH": "2"})), "1001 units of ETH from the wallet in 24h with this one, limit 1000")
	rule.values.after == {"ETH": "1001"} with input as moving({"ETH": "999"}, {"ETH": "2"})
}
