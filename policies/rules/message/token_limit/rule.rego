# METADATA
# title: Limit per token
# description: |
#   What a wallet pays of each token, or lets others take, within the window and with this message, stays within the limit
#   of that token, in exact units and whatever the token is worth. A token without a limit is refused.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {TOKEN_LIMIT: deny}
#   optional: [evidence.effects, evidence.text, evidence.typed_data, transaction.totals, facts.token_limit.spent]
package rules.message.token_limit

import data.lib.messages
import data.lib.token_limits

facts["spent"] := {
	"kind": "sum",
	"of": "units",
	"by": ["wallet.id", "transaction.totals[].token"],
	"window": data.limits.token.window,
}

require["TOKEN_LIMIT"] if within

within if token_limits.kept

within if messages.moves_nothing

values := token_limits.compared

message["TOKEN_LIMIT"] := token_limits.words
