# METADATA
# title: A known token
# description: |
#   What came in is a token of `data.tokens` on its own chain, or a single token (NFT) of a listed collection. A coin may
#   call itself what it likes: one that has the name of a known token says so in the message.
# custom:
#   severity: medium
#   requires: {TOKEN_UNKNOWN: deny}
#   flag_once: token_day
#   optional: [transaction.token, transaction.chain, deposit.nft, deposit.nft.contract]
#   allow_empty: [deposits.collections, deposits.collections.*, deposits.collections.*.*]
package rules.deposit.token_known

require["TOKEN_UNKNOWN"] if known

known if data.tokens[input.transaction.token].chain == input.transaction.chain

known if data.deposits.collections[input.transaction.chain][input.deposit.nft.contract]

coin := object.get(input, ["deposit", "coin"], {})

token := object.get(input, ["transaction", "token"], object.get(coin, "code", "a token without a code"))

chain := object.get(input, ["transaction", "chain"], "a chain that is not known")

claimed contains upper(trim_space(text)) if {
	some member in ["name", "description", "code"]
	text := object.get(coin, member, "")
	text != ""
}

# The known tokens whose code, or whose code without its chain, it has for a name.
posed_as contains known_token if {
	some known_token, entry in data.tokens
	known_token != token
	some name in {known_token, trim_prefix(known_token, $"{entry.chain}_")}
	upper(name) in claimed
}

values["token"] := token

values["chain"] := chain

values["claims"] := claimed

values["posed_as"] := posed_as

message["TOKEN_UNKNOWN"] := $"{token} of {chain} has the name of {concat(", ", posed_as)} and is not it: look at its contract, do not book" if {
	count(posed_as) > 0
}

message["TOKEN_UNKNOWN"] := $"{token} of {chain} is not in data.tokens: nobody knows its decimals or worth; book it only once it is there" if {
	count(posed_as) == 0
}
