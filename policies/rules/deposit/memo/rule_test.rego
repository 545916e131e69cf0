package tests.deposit.memo

import data.rules.deposit.memo as rule

chains := {"XRP": {"memo_required": true}, "ETH": {"memo_required": false}}

deposit(chain, destinations) := {"transaction": {"chain": chain, "destinations": destinations}}

with_memo := {"address": "a", "memo": "7"}

without := {"address": "a"}

complete(document) if rule.require.MEMO_MISSING with input as document with data.deposits.chains as chains

expected(document) if rule.require.MEMO_UNEXPECTED with input as document with data.deposits.chains as chains

test_where_one_is_required if {
	complete(deposit("XRP", [with_memo]))
	expected(deposit("XRP", [with_memo]))
	not complete(deposit("XRP", [without]))
	not complete(deposit("XRP", [with_memo, without]))
}

test_where_none_is if {
	complete(deposit("ETH", [without]))
	expected(deposit("ETH", [without]))
	complete(deposit("ETH", [with_memo]))
	not expected(deposit("ETH", [with_memo]))
	not expected(deposit("ETH", [without, with_memo]))
}

test_a_chain_that_the_release_lacks if {
	not complete(deposit("X", [without]))
	complete(deposit("X", [with_memo]))
	not expected(deposit("X", [with_memo]))
}

test_what_says_neither if {
	every value in ["false", 0, null, ""] {
		not rule.require.MEMO_MISSING with input as deposit("ETH", [without]) with data.deposits.chains as {"ETH": {"memo_required": value}}
	}
}

# A coin that nobody knows has no chain: another rule says so.
test_no_chain if complete(json.remove(deposit("XRP", [without]), ["transaction/chain"]))

test_absent_member if {
	every path in ["transaction", "transaction/destinations"] {
		not complete(json.remove(deposit("XRP", [with_memo]), [path]))
		not expected(json.remove(deposit("XRP", [with_memo]), [path]))
	}
}

test_messages_and_values if {
	words := rule.message with input as deposit("XRP", [without]) with data.deposits.chains as chains
	startswith(words.MEMO_MISSING, "no memo, and XRP needs one")
	startswith(words.MEMO_UNEXPECTED, "has a memo, which XRP does not need")
	unset := rule.message.MEMO_MISSING with input as deposit("X", [without]) with data.deposits.chains as chains
	startswith(unset, "not known whether X needs a memo")
	rule.values == {"chain": "ETH", "memos": ["7"]} with input as deposit("ETH", [with_memo, without])
}
