# METADATA
# title: Cap per message
# description: |
#   What a message moves of a token, or lets others take, stays within the cap of that token for a transaction. A token
#   without a cap is refused.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {AMOUNT_CAP: deny}
#   optional: [evidence.effects, evidence.text, evidence.typed_data, transaction.totals]
package rules.message.amount_cap

import data.lib.caps
import data.lib.messages

require["AMOUNT_CAP"] if within

within if caps.kept

within if messages.moves_nothing

values := caps.compared

message["AMOUNT_CAP"] := caps.words
