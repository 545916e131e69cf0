# METADATA
# title: Fee cap
# description: |
#   What a Safe pays back for the gas of its transaction, to whoever sends it, is within the cap of the coin or token that
#   it pays in, and within the one in dollars.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {FEE_CAP: deny}
#   optional:
#     - evidence.effects
#     - evidence.text
#     - evidence.typed_data
#     - evidence.effects.*.amount
#     - evidence.effects.*.amount.units
#     - evidence.effects.*.amount.usd_micros
#   allow_empty: [limits.fee.native]
package rules.message.fee_cap

import data.lib.effects
import data.lib.fees
import data.lib.messages

require["FEE_CAP"] if harmless

harmless if messages.silent

harmless if {
	effects.seen
	fees.capped
}

values := fees.compared

message["FEE_CAP"] := fees.words
