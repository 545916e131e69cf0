# METADATA
# title: Number of payments
# description: |
#   A wallet makes no more payments within the window than its count, this transaction's included. Each destination is a
#   payment; where the bytes are verified, each of their transfers and approvals is.
# custom:
#   severity: medium
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {PAYMENT_COUNT: hold}
#   optional: [evidence.effects]
package rules.transfer.payment_count

import data.lib.amount
import data.lib.effects

facts["made"] := {"kind": "count", "by": ["wallet.id"], "window": data.limits.payments.window}

after := amount.int(input.facts.payment_count.made) + payments

# As history has them: a transaction that moves nothing is one, too.
payments := max([1, count(effects.transfers) + count(effects.grants)]) if {
	input.evidence.status == "verified"
	effects.seen
}

payments := count(input.transaction.destinations) if {
	input.evidence.status in {"absent", "undecodable", "unsupported", "mismatch"}
}

require["PAYMENT_COUNT"] if after <= amount.int(data.limits.payments.count)

values["made"] := input.facts.payment_count.made

values["after"] := amount.text(after)

values["limits"] := limits

limits := data.limits.payments

message["PAYMENT_COUNT"] := $"{total} payments in {limits.window} with this one: above {limits.count} a person decides, is it a loop or a busy day?" if {
	total := amount.text(after)
}

message["PAYMENT_COUNT"] := "not known how many payments the wallet made: does the request name a wallet and whom it pays?" if {
	not after
}
