package tests.deposit.nft

import data.rules.deposit.nft as rule

collections := {"ETH": {"0xc1": {"name": "apes"}}}

deposit := {"transaction": {"chain": "ETH"}, "deposit": {"nft": {"contract": "0xc1", "token_id": "7"}}}

holds(document) if rule.require.NFT_UNLISTED with input as document with data.deposits.collections as collections

test_listed if holds(deposit)

test_no_single_token if holds({"transaction": {"chain": "ETH"}, "deposit": {}})

test_unlisted if {
	not holds(object.union(deposit, {"deposit": {"nft": {"contract": "0xc2"}}}))
	not holds(object.union(deposit, {"transaction": {"chain": "MNT"}}))
	not rule.require.NFT_UNLISTED with input as deposit with data.deposits.collections as {}
}

test_absent_member if {
	every path in ["transaction", "transaction/chain", "deposit/nft/contract"] {
		not holds(json.remove(deposit, [path]))
	}
}

test_message_and_values if {
	startswith(rule.message.NFT_UNLISTED, "a token of 0xc1, which is not in deposits.collections") with input as deposit
	startswith(rule.message.NFT_UNLISTED, "a token of an unknown collection") with input as {"deposit": {"nft": {"code": "x"}}}
	values := rule.values with input as deposit
	values.nft.contract == "0xc1"
}
