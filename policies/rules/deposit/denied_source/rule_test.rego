package tests.deposit.denied_source

import data.rules.deposit.denied_source as rule

deposit := {
	"deposit": {"sources": [{"address": "s1"}, {"address": "s2"}]},
	"transaction": {"chain": "ETH", "sources": [{"address": "s3"}]},
}

holds(document, table) if rule.require.DENIED_SOURCE with input as document with data.denied_sources as table

test_nobody_is_denied if {
	holds(deposit, {})
	holds(deposit, {"ETH": {}, "BTC": {"x": {"reason": "phishing"}}})
}

test_any_sender_is_denied if {
	every address in ["s1", "s2", "s3"] {
		every entry in [{}, {"reason": "phishing"}, true, "phishing"] {
			not holds(deposit, {"ETH": {"x": {}, address: entry}})
		}
	}
}

test_on_another_chain if not holds(deposit, {"ETH": {"x": {}}, "BSC": {"s2": {}}})

test_the_chain_is_not_known if not holds(json.remove(deposit, ["transaction/chain"]), {"ETH": {"s1": {}}})

test_no_sender_is_stated if holds({}, {"ETH": {"s1": {}}})

test_absent_member if {
	every path in ["deposit", "deposit/sources", "deposit/sources/0/address", "transaction", "transaction/sources"] {
		holds(json.remove(deposit, [path]), {"ETH": {"x": {}}})
	}
	not holds(json.remove(deposit, ["deposit"]), {"ETH": {"s3": {}}})
	not holds(json.remove(deposit, ["transaction"]), {"ETH": {"s2": {}}})
}

test_what_is_no_table if {
	every value in [null, true, "s1", 1] {
		not holds(deposit, value)
	}
}

test_message_and_values if {
	table := {"ETH": {"s2": {"reason": "phishing"}}}
	startswith(rule.message.DENIED_SOURCE, "from s2, in denied_sources") with input as deposit with data.denied_sources as table
	rule.values == {"denied": {"s2": {"reason": "phishing"}}} with input as deposit with data.denied_sources as table
}
