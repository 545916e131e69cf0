package tests.deposit.decimals

import data.rules.deposit.decimals as rule

tokens := {"TRON": {"chain": "TRON", "decimals": 6}, "NONE": {"chain": "X", "decimals": 0}}

deposit(token, decimals) := {"transaction": {"token": token}, "deposit": {"coin": {"decimals": decimals}}}

holds(document) if rule.require.DECIMALS_DIFFER with input as document with data.tokens as tokens

test_the_same if {
	holds(deposit("TRON", 6))
	holds(deposit("NONE", 0))
}

test_others if {
	every decimals in [0, 5, 7, 18, "6", null, true] {
		not holds(deposit("TRON", decimals))
	}
	not holds(deposit("NONE", 6))
}

test_a_token_that_is_not_known_is_for_another_rule if {
	holds(deposit("X", 18))
	holds(json.remove(deposit("TRON", 6), ["transaction/token"]))
}

test_absent_member if {
	every path in ["deposit", "deposit/coin", "deposit/coin/decimals"] {
		not holds(json.remove(deposit("TRON", 6), [path]))
	}
}

test_message_and_values if {
	text := rule.message.DECIMALS_DIFFER with input as deposit("TRON", 18) with data.tokens as tokens
	startswith(text, "TRON has 6 decimals in data.tokens, 18 in the message")
	values := rule.values with input as deposit("TRON", 18) with data.tokens as tokens
	values == {"token": "TRON", "stated": 18, "known": 6}
}
