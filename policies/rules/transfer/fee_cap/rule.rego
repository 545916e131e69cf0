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

import data.lib.amount
import data.lib.effects
import data.lib.evidence

require["FEE_CAP"] if harmless

harmless if evidence.unseen

harmless if {
	effects.seen
	count(effects.fees) > 0
	every fee in effects.fees {
		within(fee.amount)
	}
}

within(fee) if {
	amount.int(fee.units) <= amount.int(data.limits.fee.native[fee.token])
	amount.int(fee.usd_micros) <= amount.int(data.limits.fee.usd_micros)
}

values["fees"] := [fee.amount | some fee in effects.fees]

values["limits"] := data.limits.fee

excessive := [$"{fee.amount.text} {fee.amount.token}, {dollars(fee.amount)} USD" |
	some fee in effects.fees
	not within(fee.amount)
]

dollars(fee) := amount.dollars(object.get(fee, "usd_micros", ""))

dollars(fee) := "an unknown number of" if not fee.usd_micros

cap := concat(" ", [object.get(data.limits.fee.native, token, "no") |
	some fee in effects.fees
	token := fee.amount.token
])

usd := amount.dollars(data.limits.fee.usd_micros)

message["FEE_CAP"] := $"may cost {concat(" and ", excessive)}; limits.fee: {cap} units, {usd} USD; wait until the chain is quiet, or make it anew" if {
	count(excessive) > 0
}

message["FEE_CAP"] := "what the transaction may cost is not known: nothing to hold against limits.fee" if count(excessive) == 0
