package tests.message.fee_cap

import data.rules.message.fee_cap as rule

caps := {"native": {"ETH": "100", "MNT": "5"}, "usd_micros": "50"}

fee(token, units, usd) := {
	"type": "fee",
	"amount": {"token": token, "units": units, "text": units, "usd_micros": usd},
}

doing(effects) := {"evidence": {"status": "verified", "effects": effects}}

transfer := {"type": "transfer", "amount": {"token": "0xcc"}}

holds(document) if rule.require.FEE_CAP with input as document with data.limits.fee as caps

message(document) := text if text := rule.message.FEE_CAP with input as document with data.limits.fee as caps

test_within_both_caps if {
	holds(doing([fee("ETH", "100", "50")]))
	holds(doing([transfer, {"type": "deploy"}, fee("ETH", "0", "0")]))
	holds(object.union(doing([fee("ETH", "100", "50")]), {"evidence": {"status": "mismatch"}}))
}

test_over_one_cap if {
	not holds(doing([fee("ETH", "101", "1")]))
	not holds(doing([fee("ETH", "1", "51")]))
	not holds(doing([fee("MNT", "6", "1")]))
	not holds(doing([fee("ETH", "1", "1"), fee("ETH", "101", "1")]))
	not holds(doing([fee("ETH", "1", "30"), fee("MNT", "1", "21")]))
}

test_a_coin_without_a_cap if not holds(doing([fee("BNB", "1", "1")]))

test_a_message_without_a_fee if {
	holds(doing([transfer]))
	not holds(doing([]))
	holds({"kind": "message_signing", "evidence": {"status": "verified", "text": "hello"}})
}

test_bytes_that_nobody_read if {
	every status in ["absent", "undecodable", "unsupported"] {
		holds({"evidence": {"status": status}})
	}
	not holds({"evidence": {"status": "verified"}})
	not holds({"evidence": {"status": "mismatch"}})
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "1e1", "01", 1, null, true, [], {}] {
		not holds(doing([fee("ETH", value, "1")]))
		not holds(doing([fee("ETH", "1", value)]))
		native := {true |
			rule.require.FEE_CAP with input as doing([fee("ETH", "1", "1")])
				with data.limits.fee as {"native": {"ETH": value}, "usd_micros": "50"}
		}
		dollars := {true |
			rule.require.FEE_CAP with input as doing([fee("ETH", "1", "1")])
				with data.limits.fee as {"native": {"ETH": "100"}, "usd_micros": value}
		}
		count(native | dollars) == 0
	}
}

test_absent_member if {
	every path in [
		"evidence",
		"evidence/status",
		"evidence/effects",
		"evidence/effects/0/type",
		"evidence/effects/1/type",
		"evidence/effects/0/amount",
		"evidence/effects/0/amount/token",
		"evidence/effects/0/amount/units",
		"evidence/effects/0/amount/usd_micros",
	] {
		not holds(json.remove(doing([fee("ETH", "1", "1"), transfer]), [path]))
	}
}

test_words_give_fee_and_caps if {
	text := message(doing([fee("ETH", "101", "2000000")]))
	startswith(text, "may cost 101 ETH, 2 USD; limits.fee: 100 units, 0.00005 USD;")
	contains(message(doing([fee("ETH", "101", "1"), fee("BNB", "1", "1")])), "101 ETH and 1 BNB, 0.000002 USD; limits.fee: 100, no units")
	contains(message(doing([json.remove(fee("ETH", "1", "1"), ["amount/usd_micros"])])), "an unknown number of USD")
	startswith(message(doing([transfer])), "what it may cost is not known")
	paid := fee("ETH", "101", "1")
	rule.values == {"fees": [paid.amount], "limits": caps} with input as doing([paid]) with data.limits.fee as caps
}
