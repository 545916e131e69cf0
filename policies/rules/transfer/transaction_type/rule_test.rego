package tests.transfer.transaction_type

import data.rules.transfer.transaction_type as rule

types := {"Withdrawal": {"name": "transfer"}, "Stake": false}

holds(type, allowed) if {
	rule.require.TRANSACTION_TYPE with input as {"transaction": {"type": type}} with data.transaction_types as allowed
}

test_listed if holds("Withdrawal", types)

test_not_listed if {
	every type in ["ContractCall", "withdrawal", "Stake", "", "name"] {
		not holds(type, types)
	}
	not holds("Withdrawal", {})
}

test_absent_member if {
	every document in [{}, {"transaction": {}}, {"transaction": {"id": "t"}}] {
		not rule.require.TRANSACTION_TYPE with input as document with data.transaction_types as types
	}
}

test_words_name_the_type if {
	document := {"transaction": {"type": "Stake"}}
	contains(rule.message.TRANSACTION_TYPE, "Stake is not allowed") with input as document
		with data.transaction_types as types
	rule.values == {"type": "Stake", "allowed": ["Withdrawal"]} with input as document
		with data.transaction_types as types
}
