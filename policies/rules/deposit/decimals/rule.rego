# METADATA
# title: The decimals of the token
# description: |
#   The message counts the token in the smallest unit that `data.tokens` has for it. Otherwise its amount is another by
#   powers of ten.
# custom:
#   severity: high
#   requires: {DECIMALS_DIFFER: deny}
#   optional: [transaction.token, deposit.coin, deposit.coin.decimals]
package rules.deposit.decimals

require["DECIMALS_DIFFER"] if agree

agree if input.deposit.coin.decimals == data.tokens[input.transaction.token].decimals

# What is not known has no decimals here: `token_known` says so.
agree if not data.tokens[input.transaction.token]

agree if not input.transaction.token

values["token"] := input.transaction.token

values["stated"] := input.deposit.coin.decimals

values["known"] := data.tokens[input.transaction.token].decimals

message["DECIMALS_DIFFER"] := $"{token} has {known} decimals in data.tokens, {stated} in the message: book nothing before you know which" if {
	token := input.transaction.token
	known := data.tokens[token].decimals
	stated := input.deposit.coin.decimals
}
