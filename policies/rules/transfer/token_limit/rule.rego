# METADATA
# title: Limit per token
# description: |
#   What a wallet pays of each token within the window, and each source address of the transaction's own token, with this
#   payment, stays within the limit of that token, in exact units and whatever the token is worth. A token without a
#   limit is refused.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   requires: {TOKEN_LIMIT: deny}
package rules.transfer.token_limit

import data.lib.amount
import data.lib.token_limits

facts["spent"] := {
	"kind": "sum",
	"of": "units",
	"by": ["wallet.id", "transaction.totals[].token"],
	"window": data.limits.token.window,
}

# What the key proves, of the one token that is named: an answer goes by one member with [] only.
facts["spent_from"] := {
	"kind": "sum",
	"of": "units",
	"by": ["transaction.token", "transaction.sources[].address"],
	"window": data.limits.token.window,
}

require["TOKEN_LIMIT"] if {
	token_limits.kept
	token_limits.kept_from_sources

	# The totals alone would hide a destination whose amount nobody knows, or that is none of theirs.
	every destination in input.transaction.destinations {
		counted(destination.amount)
	}
}

counted(paid) if amount.int(paid.units) <= amount.int(input.transaction.totals[paid.token].units)

# A contract that is called without value is paid nothing, of a coin that nothing else is paid in.
counted(paid) if paid.units == "0"

values := token_limits.compared

message["TOKEN_LIMIT"] := token_limits.words
