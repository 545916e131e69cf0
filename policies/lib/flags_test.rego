package tests.flags

import data.lib.flags

limits := {"dust": "1000000", "pooled": "10000000000"}

wallets := {"pool": {"pooled": true}, "mine": {"pooled": false}, "other": {"name": "other"}}

flag := {"id": "f_1", "severity": "high", "rule": "deposit/decimals", "role": "paid_into", "transaction": "t"}

changed(members) := object.union(flag, members)

worth(usd) := changed({"amount": {"token": "ETH", "usd_micros": usd}})

open(found) := {"known": true, "open": found}

spendable(found, wallet) if {
	flags.spendable(open(found)) with input as {"wallet": {"id": wallet}}
		with data.limits.flagged as limits
		with data.wallets as wallets
}

payable(found) if flags.payable(open(found))

heavy := ["high", "critical"]

light := ["low", "medium"]

test_nothing_is_open if {
	spendable([], "mine")
	payable([])
	flags.spendable({"known": false, "open": []})
}

test_no_answer if {
	not flags.spendable({"known": true})
	not flags.payable({"known": true})
	not flags.spendable({"known": true, "open": null})
}

test_what_holds_an_address if {
	every severity in heavy {
		every rule in ["deposit/sanctions", "UNDECIDED", "UNREADABLE_PUSH", "ILLEGAL_TRANSITION", "UNAPPROVED_WITHDRAWAL"] {
			not spendable([changed({"severity": severity, "rule": rule})], "mine")
		}
	}
}

test_one_among_many if {
	harmless := changed({"severity": "low"})
	spendable([harmless, harmless], "mine")
	not spendable([harmless, flag], "mine")
	not spendable([flag, harmless], "mine")
}

test_what_holds_none if {
	every severity in light {
		spendable([changed({"severity": severity})], "mine")
	}

	# Somebody else's withdrawal to us.
	spendable([changed({"severity": "critical", "rule": "withdrawal/sanctions"})], "mine")
	spendable([changed({"role": "sender", "severity": "critical"})], "mine")
	spendable([changed({"rule": "deposit/dust", "severity": "critical"})], "mine")

	# Of a token without a price, as those who poison histories send it.
	spendable([changed({"rule": "deposit/look_alike", "severity": "critical"})], "mine")
}

test_dust_by_its_worth if {
	spendable([worth("999999")], "mine")
	spendable([worth("0")], "mine")
	not spendable([worth("1000000")], "mine")
	not spendable([changed({"amount": {"token": "ETH", "units": "1", "text": "0.000000000000000001"}})], "mine")
}

# An unwanted gift of a listed address, a thousand times.
test_a_thousand_times_dust if {
	dust := object.union(worth("1"), {"severity": "critical", "rule": "deposit/sanctions"})
	many := [object.union(dust, {"id": $"f_{n}"}) | some n in numbers.range(1, 1000)]
	spendable(many, "mine")
	not spendable(array.concat(many, [worth("1000000")]), "mine")
}

test_a_pooled_wallet if {
	spendable([worth("9999999999")], "pool")
	not spendable([worth("10000000000")], "pool")
	not spendable([flag], "pool")
	every wallet in ["mine", "other", "stranger", ""] {
		not spendable([worth("9999999999")], wallet)
	}
}

test_no_wallet_is_named if {
	not flags.spendable(open([worth("9999999999")])) with input as {}
		with data.limits.flagged as limits
		with data.wallets as wallets
}

test_what_is_no_amount if {
	every value in ["", "-1", "0.5", "01", 1, null, true] {
		not spendable([worth(value)], "mine")
		not spendable([worth(value)], "pool")
	}
	every value in ["", 1000000, null, true] {
		not flags.spendable(open([worth("1")])) with input as {}
			with data.limits.flagged as {"dust": value, "pooled": value}
			with data.wallets as wallets
	}
}

test_absent_member_of_a_flag if {
	every member in ["severity", "rule", "role"] {
		not spendable([json.remove(flag, [member])], "mine")
		not payable([json.remove(object.union(flag, {"severity": "low", "role": "sender"}), [member])])
	}
}

test_what_is_no_role_or_severity if {
	every value in ["", "owner", null, true] {
		not spendable([changed({"role": value})], "mine")
		not spendable([changed({"severity": value})], "mine")
		not payable([changed({"role": value})])
		not payable([changed({"role": "sender", "severity": value})])
	}
}

test_who_is_not_paid if {
	every severity in heavy {
		not payable([changed({"role": "sender", "severity": severity})])
	}
	every severity in array.concat(light, heavy) {
		every rule in ["deposit/dust", "deposit/look_alike"] {
			not payable([changed({"role": "sender", "rule": rule, "severity": severity})])
		}
		not payable([changed({"rule": "UNAPPROVED_WITHDRAWAL", "severity": severity})])
	}
}

test_who_is_paid if {
	every severity in light {
		payable([changed({"role": "sender", "severity": severity})])
	}
	payable([flag])
	not payable([flag, changed({"role": "sender"})])
}

test_words if {
	found := flags.unspendable({"a": open([flag]), "b": open([changed({"severity": "low"})])}) with input as {}
		with data.limits.flagged as limits
		with data.wallets as wallets
	found == [object.union(flag, {"address": "a"})]
	flags.words(found) == "f_1 (deposit/decimals) about a"
	flags.advice(found) == "`countersign flags resolve f_1 --reason …`"
	many := [object.union(flag, {"address": "a", "id": $"f_{n}"}) | some n in numbers.range(1, 5)]
	endswith(flags.words(many), "f_3 (deposit/decimals) about a; 2 more")
	flags.advice(many) == "`countersign flags resolve f_1 --reason …`"
}
