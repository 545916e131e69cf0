package tests.message.typed_data_domains

import data.rules.message.typed_data_domains as rule

listed := {
	"1": {"0xcc": {"Permit": {"name": "token"}, "Order": false}},
	"5000": {"0xdd": {"SafeTx": {"name": "Safe"}}},
}

chains := {"ETH": {"family": "evm", "id": 1}, "MNT": {"family": "evm", "id": 5000}, "BTC": {"family": "bitcoin"}}

signing(chain, number, contract, type) := {
	"kind": "message_signing",
	"transaction": {"chain": chain},
	"evidence": {
		"status": "verified",
		"typed_data": {"primary_type": type, "chain_id": number, "verifying_contract": contract},
		"effects": [{"type": "permit"}],
	},
}

permit := signing("ETH", "1", "0xcc", "Permit")

holds(document) if {
	rule.require.TYPED_DATA_DOMAINS with input as document with data.typed_data as listed with data.chains as chains
}

message(document) := text if text := rule.message.TYPED_DATA_DOMAINS with input as document

test_listed if {
	holds(permit)
	holds(signing("MNT", "5000", "0xdd", "SafeTx"))
}

test_not_listed if {
	not holds(signing("ETH", "1", "0xcc", "SafeTx"))
	not holds(signing("ETH", "1", "0xcc", "Order"))
	not holds(signing("ETH", "1", "0xdd", "Permit"))
	not holds(signing("MNT", "5000", "0xcc", "Permit"))
	not holds(signing("MNT", "5000", "0xDD", "SafeTx"))
	not rule.require.TYPED_DATA_DOMAINS with input as permit with data.typed_data as {} with data.chains as chains
}

test_the_domain_of_another_chain if {
	not holds(signing("MNT", "1", "0xcc", "Permit"))
	not holds(signing("ETH", "5000", "0xdd", "SafeTx"))
	not holds(signing("BTC", "1", "0xcc", "Permit"))
	not holds(signing("SOL", "1", "0xcc", "Permit"))
	every number in ["", "01", "0x1", 1, null, "-1"] {
		not holds(signing("ETH", number, "0xcc", "Permit"))
	}
}

test_other_messages_are_judged_elsewhere if {
	other := json.remove(permit, ["evidence/typed_data", "evidence/effects"])
	holds(object.union(other, {"evidence": {"text": "hello"}}))
	every status in ["absent", "undecodable", "unsupported"] {
		holds(object.union(other, {"evidence": {"status": status}}))
	}
}

test_neither_text_nor_typed_data if {
	not holds(json.remove(permit, ["evidence/typed_data", "evidence/effects"]))
	not holds(json.remove(permit, ["evidence/typed_data"]))
}

test_text_beside_typed_data_excuses_nothing if {
	document := object.union(signing("ETH", "1", "0xcc", "Order"), {"evidence": {"text": "hello"}})
	not holds(document)
	not holds(json.remove(document, ["evidence/effects"]))
}

test_absent_member if {
	every path in [
		"transaction",
		"transaction/chain",
		"evidence",
		"evidence/typed_data",
		"evidence/typed_data/chain_id",
		"evidence/typed_data/verifying_contract",
		"evidence/typed_data/primary_type",
	] {
		not holds(json.remove(permit, [path]))
	}
}

test_words_name_the_domain if {
	startswith(message(permit), "Permit for 0xcc on chain 1: not in data.typed_data")
	startswith(message({"evidence": {"typed_data": {"primary_type": "Login"}}}), "Login for no contract on chain that is not")
	startswith(message({}), "neither typed data nor text")
	rule.values.chain == "ETH" with input as permit
	rule.values.domain.verifying_contract == "0xcc" with input as permit
}
