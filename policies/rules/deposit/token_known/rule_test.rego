package tests.deposit.token_known

import data.rules.deposit.token_known as rule

tokens := {
	"TRON": {"chain": "TRON", "decimals": 6},
	"TRON_USDT": {"chain": "TRON", "contract": "TR7", "decimals": 6},
	"ETH": {"chain": "ETH", "decimals": 18},
}

collections := {"ETH": {"0xc1": {"name": "apes"}}}

deposit := {
	"transaction": {"chain": "TRON", "token": "TRON_USDT"},
	"deposit": {"coin": {"code": "TRON_USDT", "name": "USDT", "description": "Tether", "decimals": 6}},
}

changed(members) := object.union(deposit, members)

holds(document) if {
	rule.require.TOKEN_UNKNOWN with input as document with data.tokens as tokens with data.deposits.collections as collections
}

message(document) := text if text := rule.message.TOKEN_UNKNOWN with input as document with data.tokens as tokens

test_known if {
	holds(deposit)
	holds(json.remove(deposit, ["deposit"]))
}

test_unknown if {
	not holds(changed({"transaction": {"token": "TRON_X"}}))
	not holds(changed({"transaction": {"token": "TR7"}}))
	not holds(changed({"transaction": {"token": "tron_usdt"}}))
}

test_a_token_of_another_chain if {
	not holds(changed({"transaction": {"chain": "ETH"}}))
	not holds(changed({"transaction": {"chain": ""}}))
}

test_a_single_token if {
	single := {"transaction": {"chain": "ETH"}, "deposit": {"nft": {"contract": "0xc1", "token_id": "7"}}}
	holds(single)
	not holds(object.union(single, {"deposit": {"nft": {"contract": "0xc2"}}}))
	not holds(object.union(single, {"transaction": {"chain": "TRON"}}))
	not holds(json.remove(single, ["deposit/nft/contract"]))
}

test_absent_member if {
	every path in ["transaction", "transaction/token", "transaction/chain"] {
		not holds(json.remove(deposit, [path]))
	}
}

test_one_that_poses_as_a_known_one if {
	every coin in [{"code": "X1", "name": "usdt"}, {"code": "X1", "description": " USDT "}, {"code": "X1", "name": "TRON_USDT"}] {
		posing := {"transaction": {"chain": "TRON", "token": "X1"}, "deposit": {"coin": coin}}
		startswith(message(posing), "X1 of TRON has the name of TRON_USDT and is not it")
	}
	same := {"transaction": {"chain": "ETH", "token": "TRON_USDT"}, "deposit": {"coin": {"code": "TRON_USDT"}}}
	startswith(message(same), "TRON_USDT of ETH is not in data.tokens")
}

test_message_for_a_stranger if {
	startswith(message({"transaction": {"token": "X1"}}), "X1 of a chain that is not known is not in data.tokens")
	startswith(message({"deposit": {"coin": {"code": "X2"}}}), "X2 of")
	startswith(message({}), "a token without a code")
}

test_values if {
	values := rule.values with input as changed({"transaction": {"token": "X1"}}) with data.tokens as tokens
	values == {"token": "X1", "chain": "TRON", "claims": {"USDT", "TETHER", "TRON_USDT"}, "posed_as": {"TRON_USDT"}}
}
