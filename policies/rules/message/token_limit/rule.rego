# METADATA
# title: Limit per token
# description: |
#   What a wallet pays of each token, or lets others take, within the window and with this message, stays within the limit
#   of that token, in exact units and whatever the token is worth. A token without a limit is refused.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {TOKEN_LIMIT: deny}
package rules.message.token_limit

import data.lib.token_limits

facts["spent"] := {
	"kind": "sum",
	"of": "units",
	"by": ["wallet.id", "transaction.totals[].token"],
	"window": data.limits.token.window,
}

require["TOKEN_LIMIT"] if token_limits.kept

values := token_limits.compared

message["TOKEN_LIMIT"] := token_limits.words
