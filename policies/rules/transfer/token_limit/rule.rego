# METADATA
# title: Limit per token
# description: |
#   What a wallet pays of a token within the window, with this payment, stays within the limit of that token, in
#   exact units and whatever the token is worth. A token without a limit is refused.
# custom:
#   severity: high
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {TOKEN_LIMIT: deny}
package rules.transfer.token_limit

import data.lib.amount

facts["spent"] := {
	"kind": "sum",
	"of": "units",
	"by": ["wallet.id", "transaction.token"],
	"window": data.limits.token.window,
}

require["TOKEN_LIMIT"] if {
	# History was asked for this token: of another one it says nothing.
	every destination in input.transaction.destinations {
		destination.amount.token == input.transaction.token
	}
	after <= amount.int(limit)
}

units := [destination.amount.units | some destination in input.transaction.destinations]

paid := amount.total(units) if count(units) == count(input.transaction.destinations)

after := amount.int(input.facts.token_limit.spent) + paid

limit := data.limits.token.units[input.transaction.token]

values["token"] := input.transaction.token

values["spent"] := input.facts.token_limit.spent

values["payment"] := amount.text(paid)

values["after"] := amount.text(after)

values["limit"] := limit

message["TOKEN_LIMIT"] := $"no limit for {input.transaction.token}: set limits.token.units.<TOKEN> in the smallest unit" if {
	not limit
}

message["TOKEN_LIMIT"] := $"{total} units of {input.transaction.token} in {window} with this payment, limit {limit}: wait, or raise it if it is right" if {
	after > amount.int(limit)
	total := amount.text(after)
	window := data.limits.token.window
}

message["TOKEN_LIMIT"] := $"a destination is paid in another token than {input.transaction.token}: only one token has a history here" if {
	after <= amount.int(limit)
}

message["TOKEN_LIMIT"] := $"not known in units of {input.transaction.token}: what the wallet spent, this payment, or the limit; see data.tokens" if {
	limit
	not countable
}

countable if after + amount.int(limit) >= 0
