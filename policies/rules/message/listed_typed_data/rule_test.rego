package tests.message.listed_typed_data

import data.rules.message.listed_typed_data as rule

listed := {"1": {"0xcc": {"Permit": {"name": "token"}}}}

chains := {"ETH": {"family": "evm", "id": 1}}

permit := {
	"kind": "message_signing",
	"transaction": {"chain": "ETH"},
	"signing": {"algorithm": "ecdsa"},
	"evidence": {
		"status": "verified",
		"key": "verified",
		"typed_data": {"primary_type": "Permit", "chain_id": "1", "verifying_contract": "0xcc"},
		"effects": [{"type": "permit"}],
	},
}

approves(document) if {
	rule.approve.LISTED_TYPED_DATA with input as document
		with data.typed_data as listed
		with data.chains as chains
		with data.approve_unverified as true
		with data.unsupported_keys as {"secp256k1": false, "ed25519": true}
}

test_listed_and_read if approves(permit)

test_not_listed if {
	not approves(object.union(permit, {"evidence": {"typed_data": {"primary_type": "Order"}}}))
	not approves(object.union(permit, {"evidence": {"typed_data": {"chain_id": "5000"}}}))
	not approves(object.union(permit, {"evidence": {"typed_data": {"verifying_contract": "0xdd"}}}))
}

test_not_read if {
	every status in ["absent", "undecodable", "unsupported", "mismatch"] {
		not approves(object.union(permit, {"evidence": {"status": status}}))
	}
}

test_a_key_that_was_not_verified if {
	every key in ["absent", "unsupported", "mismatch"] {
		not approves(object.union(permit, {"evidence": {"key": key}}))
	}
}

test_absent_member if {
	every path in [
		"transaction/chain",
		"evidence",
		"evidence/status",
		"evidence/key",
		"evidence/effects",
		"evidence/effects/0/type",
		"evidence/typed_data",
		"evidence/typed_data/chain_id",
		"evidence/typed_data/verifying_contract",
		"evidence/typed_data/primary_type",
	] {
		not approves(json.remove(permit, [path]))
	}
}
