package tests.transfer.contract_call

import data.rules.transfer.contract_call as rule

call := {
	"transaction": {"type": "ContractCall", "contract": {"address": "0xcc"}},
	"signing": {"algorithm": "ecdsa"},
	"evidence": {"status": "verified", "key": "verified", "effects": [{"type": "call"}, {"type": "fee"}]},
}

approves(document) if {
	rule.approve.CONTRACT_CALL with input as document
		with data.approve_unverified as true
		with data.unsupported_keys as {"secp256k1": false, "ed25519": true}
}

test_a_verified_call if approves(call)

test_bytes_that_were_not_verified if {
	every status in ["absent", "undecodable", "unsupported", "mismatch"] {
		not approves(object.union(call, {"evidence": {"status": status}}))
	}
}

test_a_key_that_was_not_verified if {
	every key in ["absent", "unsupported", "mismatch"] {
		not approves(object.union(call, {"evidence": {"key": key}}))
	}
	approves(object.union(call, {"evidence": {"key": "unsupported"}, "signing": {"algorithm": "eddsa"}}))
}

test_other_types if {
	every type in ["Withdrawal", "MessageSign", "ExternalSafeTx", "Stake", "contractcall", "", null] {
		not approves(object.union(call, {"transaction": {"type": type}}))
	}
}

test_what_does_nothing if not approves(object.union(call, {"evidence": {"effects": []}}))

test_absent_member if {
	every path in [
		"transaction",
		"transaction/type",
		"transaction/contract",
		"transaction/contract/address",
		"evidence",
		"evidence/status",
		"evidence/key",
		"evidence/effects",
		"evidence/effects/1/type",
	] {
		not approves(json.remove(call, [path]))
	}
}
