package tests.transfer.ordinary_transfer

import data.rules.transfer.ordinary_transfer as rule

transfer := {
	"transaction": {
		"type": "Withdrawal",
		"destinations": [
			{"address": "0xaa", "amount": {"token": "ETH", "units": "1"}},
			{"address": "0xbb", "amount": {"token": "ETH", "units": "0"}},
		],
	},
	"evidence": {"status": "verified"},
}

approves(document, unverified) if {
	rule.approve.ORDINARY_TRANSFER with input as document with data.approve_unverified as unverified
}

test_a_verified_transfer if {
	approves(transfer, false)
	approves(transfer, true)
}

test_an_unverified_transfer if {
	unseen := object.union(transfer, {"evidence": {"status": "unsupported"}})
	not approves(unseen, false)
	approves(unseen, true)
}

test_bytes_that_contradict if {
	not approves(object.union(transfer, {"evidence": {"status": "mismatch"}}), true)
}

test_other_types if {
	every type in ["ContractCall", "MessageSign", "Stake", "Unstake", "Deposit", "ExternalSafeTx", "withdrawal"] {
		not approves(object.union(transfer, {"transaction": {"type": type}}), true)
	}
}

test_a_contract if {
	not approves(object.union(transfer, {"transaction": {"contract": {"address": "0xcc"}}}), true)
	not approves(object.union(transfer, {"transaction": {"contract": {}}}), true)
}

test_no_destinations if {
	not approves(json.remove(transfer, ["transaction/destinations"]), true)
}

test_what_is_no_amount if {
	every units in ["", "-1", "1.5", 1, null, true] {
		destinations := [{"address": "0xaa", "amount": {"token": "ETH", "units": units}}]
		not approves(object.union(transfer, {"transaction": {"destinations": destinations}}), true)
	}
}

test_absent_member if {
	every path in [
		"transaction",
		"transaction/type",
		"transaction/destinations",
		"transaction/destinations/1/address",
		"transaction/destinations/1/amount",
		"transaction/destinations/1/amount/units",
		"evidence",
		"evidence/status",
	] {
		not approves(json.remove(transfer, [path]), true)
		not approves(json.remove(transfer, [path]), false)
	}
}
