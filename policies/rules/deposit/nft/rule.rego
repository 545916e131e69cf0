# METADATA
# title: Listed collections
# description: A single token (NFT) that comes in is of a collection in `data.deposits.collections`. Most of the others are advertising.
# custom:
#   severity: low
#   requires: {NFT_UNLISTED: deny}
#   optional: [transaction.chain, deposit.nft, deposit.nft.contract]
#   allow_empty: [deposits.collections, deposits.collections.*, deposits.collections.*.*]
package rules.deposit.nft

require["NFT_UNLISTED"] if listed

listed if not input.deposit.nft

listed if data.deposits.collections[input.transaction.chain][input.deposit.nft.contract]

values["nft"] := input.deposit.nft

message["NFT_UNLISTED"] := $"a token of {contract}, which is not in deposits.collections: open none of its links, and do not book it" if {
	contract := object.get(input.deposit.nft, "contract", "an unknown collection")
}
