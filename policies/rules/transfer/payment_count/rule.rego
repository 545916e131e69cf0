# METADATA
# title: Number of payments
# description: |
#   A wallet makes no more payments within the window than the count, and neither does a source address, this
#   transaction's included. Each destination is a payment; where the bytes are verified, each of their transfers and
#   approvals is.
# custom:
#   severity: medium
#   kinds: [transaction_signing]
#   requires: {PAYMENT_COUNT: hold}
#   optional: [evidence.effects]
package rules.transfer.payment_count

import data.lib.amount
import data.lib.effects
import data.lib.payers

facts["made"] := {"kind": "count", "by": ["wallet.id"], "window": data.limits.payments.window}

# What the key proves. Who makes up a wallet for each payment still pays from the same address.
facts["made_from"] := {
	"kind": "count",
	"by": ["transaction.sources[].address"],
	"window": data.limits.payments.window,
}

most := payers.most(
	input.facts.payment_count.made,
	[[address, made] | some address, made in input.facts.payment_count.made_from],
)

after := amount.int(most.past) + payments

# As history has them: a transaction that moves nothing is one, too.
payments := max([1, count(effects.transfers) + count(effects.grants)]) if {
	input.evidence.status == "verified"
	effects.seen
}

payments := count(input.transaction.destinations) if {
	input.evidence.status in {"absent", "undecodable", "unsupported", "mismatch"}
}

require["PAYMENT_COUNT"] if after <= amount.int(data.limits.payments.count)

values["payer"] := most.payer

values["made"] := most.past

values["after"] := amount.text(after)

values["limits"] := limits

limits := data.limits.payments

message["PAYMENT_COUNT"] := $"{total} payments from {most.payer} in {limits.window} with this: above {limits.count} a person decides; loop or busy day?" if {
	total := amount.text(after)
}

message["PAYMENT_COUNT"] := "not known how many payments were made: does the request name a wallet, a source and whom it pays?" if {
	not after
}
