package tests.message.amount_cap

import data.rules.message.amount_cap as rule

caps := {"ETH": "1000", "USDT": "500"}

moving(amounts) := {"transaction": {"totals": {token: {
	"token": token,
	"units": units,
	"text": units,
} |
	some token, units in amounts
}}}

holds(document) if rule.require.AMOUNT_CAP with input as document with data.limits.per_transaction as caps

message(document) := text if {
	text := rule.message.AMOUNT_CAP with input as document with data.limits.per_transaction as caps
}

test_within_the_cap if {
	holds(moving({"ETH": "0"}))
	holds(moving({"ETH": "1000", "USDT": "500"}))
}

test_over_the_cap if {
	not holds(moving({"ETH": "1001"}))
	not holds(moving({"ETH": "1", "USDT": "501"}))
	not holds(moving({"BTC": "0"}))
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
	every units in ["", "-1", "1.5", "1e3", "01", 1, null, true, [], {}] {
		not holds(moving({"ETH": units}))
	}
}

test_absent_member if {
	every path in [
		"transaction",
		"transaction/totals",
		"transaction/totals/USDT/token",
		"transaction/totals/USDT/units",
	] {
		not holds(json.remove(moving({"ETH": "1", "USDT": "1"}), [path]))
	}
}

test_words_give_amount_and_cap if {
	contains(message(moving({"USDT": "501"})), "501 USDT is 501 units, cap 500")
	contains(message(moving({"BTC": "1"})), "no cap for BTC")
	contains(message({}), "not known exactly")
	rule.values == {"paid": {"USDT": "501"}, "caps": {"USDT": "500"}} with input as moving({"USDT": "501"})
		with data.limits.per_transaction as caps
}
