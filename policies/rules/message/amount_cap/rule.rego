# METADATA
# title: Cap per message
# description: |
#   What a message moves of a token, or lets others take, stays within the cap of that token for a transaction. A token
#   without a cap is refused.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {AMOUNT_CAP: deny}
package rules.message.amount_cap

import data.lib.caps

require["AMOUNT_CAP"] if caps.kept

values := caps.compared

message["AMOUNT_CAP"] := caps.words
