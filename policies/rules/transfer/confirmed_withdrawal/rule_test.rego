package tests.transfer.confirmed_withdrawal

import data.rules.transfer.confirmed_withdrawal as rule

confirmation := {
	"kind": "withdrawal_confirmation",
	"transaction": {
		"type": "Withdrawal",
		"business_id": "request-1",
		"destinations": [
			{"address": "a", "amount": {"token": "ETH", "units": "1"}},
			{"address": "b", "amount": {"token": "ETH", "units": "0"}},
		],
	},
	"evidence": {"status": "absent"},
}

approves(document) if rule.approve.CONFIRMED_WITHDRAWAL with input as document

changed(members) := object.union(confirmation, members)

test_a_confirmation if approves(confirmation)

test_another_kind if {
	every kind in ["transaction_signing", "message_signing", "key_generation", "deposit", "withdrawal", ""] {
		not approves(changed({"kind": kind}))
	}
}

test_another_type if {
	every type in ["ContractCall", "MessageSign", "Stake", "Mint", "Deposit", "withdrawal", ""] {
		not approves(changed({"transaction": {"type": type}}))
	}
}

test_a_contract if {
	not approves(changed({"transaction": {"contract": {"address": "0xcc"}}}))
	not approves(changed({"transaction": {"contract": {}}}))
}

test_bytes_have_their_own_rules if {
	every status in ["verified", "mismatch", "undecodable", "unsupported"] {
		not approves(changed({"evidence": {"status": status}}))
	}
}

test_what_is_no_amount if {
	every units in ["", "-1", "1.5", 1, null, true] {
		destinations := [{"address": "a", "amount": {"token": "ETH", "units": units}}]
		not approves(changed({"transaction": {"destinations": destinations}}))
	}
}

test_absent_member if {
	every path in [
		"kind",
		"transaction",
		"transaction/type",
		"transaction/business_id",
		"transaction/destinations",
		"transaction/destinations/1/address",
		"transaction/destinations/1/amount",
		"transaction/destinations/1/amount/units",
		"evidence",
		"evidence/status",
	] {
		not approves(json.remove(confirmation, [path]))
	}
}
