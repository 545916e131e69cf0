package tests.transfer.flagged_funds

import data.rules.transfer.flagged_funds as rule

limits := {"dust": "1000000", "pooled": "10000000000"}

flag := {"id": "f_1", "severity": "critical", "rule": "deposit/sanctions", "role": "paid_into", "transaction": "t"}

dust := object.union(flag, {"amount": {"token": "ETH", "usd_micros": "1"}})

clean := {"known": true, "open": []}

spending(answers) := {
	"wallet": {"id": "w"},
	"facts": {"flagged_funds": {"flags": answers}},
	"transaction": {"sources": [{"address": "s1"}, {"address": "s2"}]},
}

holds(document) if {
	rule.require.FLAGGED_FUNDS with input as document with data.limits.flagged as limits with data.wallets as {"p": {"pooled": true}}
}

message(document) := text if {
	text := rule.message.FLAGGED_FUNDS with input as document with data.limits.flagged as limits with data.wallets as {}
}

test_asks_for_the_flags_of_its_sources if {
	rule.facts == {"flags": {"kind": "flags", "by": ["transaction.sources[].address"]}}
}

test_no_flags if holds(spending({"s1": clean, "s2": {"known": false, "open": []}}))

test_a_flagged_source if {
	not holds(spending({"s1": clean, "s2": {"known": true, "open": [flag]}}))
	not holds(spending({"s1": {"known": true, "open": [dust, flag]}, "s2": clean}))
}

test_a_flagged_account_that_the_bytes_take_from if {
	not holds(spending({"s1": clean, "s2": clean, "safe": {"known": true, "open": [flag]}}))
}

test_dust_holds_nothing if {
	holds(spending({"s1": {"known": true, "open": [dust, dust]}, "s2": clean}))
}

test_what_a_source_itself_sent_holds_nothing if {
	holds(spending({"s1": clean, "s2": {"known": true, "open": [object.union(flag, {"role": "sender"})]}}))
}

pooled(found) := object.union(spending({"s1": clean, "s2": {"known": true, "open": [found]}}), {"wallet": {"id": "p"}})

test_a_pooled_wallet if {
	much := object.union(flag, {"amount": {"usd_micros": "10000000000"}})
	little := object.union(flag, {"amount": {"usd_micros": "9999999999"}})
	holds(pooled(little))
	not holds(pooled(much))
	not holds(pooled(flag))
}

test_absent_member if {
	document := spending({"s1": clean, "s2": {"known": true, "open": [dust]}})
	holds(document)
	holds(json.remove(document, ["wallet"]))
	every path in [
		"facts",
		"facts/flagged_funds",
		"facts/flagged_funds/flags",
		"facts/flagged_funds/flags/s1",
		"facts/flagged_funds/flags/s1/open",
		"facts/flagged_funds/flags/s2/open/0/amount",
		"transaction",
		"transaction/sources",
		"transaction/sources/1/address",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_message_names_flag_and_rule if {
	text := message(spending({"s1": clean, "s2": {"known": true, "open": [flag]}}))
	text == "spends what flag f_1 (deposit/sanctions) about s2 holds: look into it, then `countersign flags resolve f_1 --reason …`"
	startswith(message({}), "not known which flags are about a source")
}

test_values_give_the_flags if {
	values := rule.values with input as spending({"s1": clean, "s2": {"known": true, "open": [flag, dust]}})
		with data.limits.flagged as limits
		with data.wallets as {}
	values.flags == [object.union(flag, {"address": "s2"})]
}
