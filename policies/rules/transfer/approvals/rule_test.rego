package tests.transfer.approvals

import data.rules.transfer.approvals as rule

caps := {"USDT": "500", "DAI": "115792089237316195423570985008687907853269984665640564039457584007913129639936"}

list := {"ETH": {"0xb1": {"name": "marketplace"}, "0xb2": false}, "MNT": {"0xb3": true}}

granting(type, token, units) := {
	"type": type,
	"to": "0xb9",
	"asset": token,
	"amount": {"token": token, "units": units, "text": units},
}

fee := {"type": "fee", "asset": "ETH", "from": "0xa1", "amount": {"token": "ETH", "units": "1", "usd_micros": "1"}}

doing(status, effects) := {
	"kind": "transaction_signing",
	"transaction": {"chain": "ETH", "sources": [{"address": "0xa1"}]},
	"evidence": {"status": status, "effects": effects},
}

unread(status) := json.remove(doing(status, [fee]), ["evidence/effects"])

holds(document) if {
	rule.require.APPROVALS with input as document
		with data.limits.per_approval as caps
		with data.operators as list
}

words(document) := text if {
	text := rule.message.APPROVALS with input as document
		with data.limits.per_approval as caps
		with data.operators as list
}

good := [
	granting("approve", "USDT", "500"),
	granting("permit", "USDT", "1"),
	granting("approve", "0xc9", "0"),
	granting("approve", "DAI", "1461501637330902918203684832716283019655932542974"),
	{"type": "operator_grant", "to": "0xb1"},
	{"type": "transfer", "amount": {"token": "USDT", "units": "501", "text": "501"}},
]

bad := [
	granting("approve", "USDT", "501"),
	granting("permit", "USDT", "501"),
	granting("approve", "DAI", "1461501637330902918203684832716283019655932542975"),
	granting("permit", "DAI", "115792089237316195423570985008687907853269984665640564039457584007913129639935"),
	granting("approve", "0xc9", "1"),
	{"type": "approve", "to": "0xb9", "asset": "USDT"},
	{"type": "permit", "to": "0xb9", "asset": "USDT", "amount": {"token": "USDT"}},
	granting("approve", "USDT", "00"),
	{"type": "operator_grant", "to": "0xb9"},
	{"type": "operator_grant", "to": "0xb2"},
	{"type": "operator_grant", "to": "0xb3"},
	{"type": "operator_grant", "to": "0xb9", "amount": {"units": "0"}},
	{"type": "operator_grant"},
]

test_good_effects if {
	every effect in good {
		holds(doing("verified", [effect]))
		holds(doing("verified", [fee, effect]))
		holds(doing("mismatch", [effect, fee]))
	}
	holds(doing("verified", good))
}

test_one_bad_effect if {
	every effect in bad {
		not holds(doing("verified", [effect]))
		not holds(doing("verified", array.concat(good, [effect])))
		not holds(doing("verified", array.concat([effect], good)))
		not holds(doing("mismatch", [fee, effect]))
	}
}

test_bytes_that_nobody_read if {
	every status in ["absent", "undecodable", "unsupported"] {
		holds(unread(status))
	}
	every status in ["verified", "mismatch", "", "VERIFIED", null] {
		not holds(unread(status))
	}
}

test_no_effects_where_bytes_were_read if {
	every effects in [[], {}, null, "none", 0] {
		not holds(doing("verified", effects))
		not holds(doing("mismatch", effects))
	}
}

test_absent_member if {
	document := doing("verified", [fee, good[0]])
	holds(document)
	every path in [
		"evidence",
		"evidence/status",
		"evidence/effects",
		"evidence/effects/1/type",
		"evidence/effects/1/amount",
		"evidence/effects/1/amount/units",
		"evidence/effects/1/amount/token",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_a_limit_that_is_none if {
	every limit in [500, "", "-1", "5e2", null, true] {
		rule_holds := {true |
			rule.require.APPROVALS with input as doing("verified", [good[0]])
				with data.limits.per_approval as {"USDT": limit}
				with data.operators as list
		}
		count(rule_holds) == 0
	}
}

test_words_of_each_kind if {
	contains(words(doing("verified", [bad[3]])), "unlimited DAI for 0xb9")
	contains(words(doing("verified", [bad[5]])), "not known for 0xb9")
	contains(words(doing("verified", [bad[8]])), "for 0xb9")
}

test_words_name_it if {
	contains(words(doing("verified", [fee, bad[0]])), "501 USDT for 0xb9, limit 500 units")
	contains(words(unread("verified")), "not known")
}

test_values_give_what_was_compared if {
	rule.values.excessive == ["501 USDT for 0xb9, limit 500 units"] with input as doing("verified", [fee, bad[0]])
		with data.limits.per_approval as caps
		with data.operators as list
}
