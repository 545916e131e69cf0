# METADATA
# title: Fee cap
# description: |
#   What the transaction may cost at most is within the cap of the coin that pays for it, and within the one in dollars. The
#   bytes say what that is, not an estimate.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   requires: {FEE_CAP: deny}
#   optional:
#     - evidence.effects
#     - evidence.effects.*.amount
#     - evidence.effects.*.amount.units
#     - evidence.effects.*.amount.usd_micros
#   allow_empty: [limits.fee.native]
package rules.transfer.fee_cap

import data.lib.effects
import data.lib.evidence
import data.lib.fees

require["FEE_CAP"] if harmless

harmless if evidence.unseen

harmless if {
	effects.seen
	count(effects.fees) > 0
	fees.capped
}

values := fees.compared

message["FEE_CAP"] := fees.words
