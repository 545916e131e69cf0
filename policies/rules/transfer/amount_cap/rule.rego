# METADATA
# title: Cap per transaction
# description: |
#   What one transaction pays of a token, all destinations together, stays within the cap of that token. A
#   token without a cap is refused.
# custom:
#   severity: high
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {AMOUNT_CAP: deny}
package rules.transfer.amount_cap

import data.lib.amount

require["AMOUNT_CAP"] if {
	every total in input.transaction.totals {
		within_cap(total)
	}

	# The totals alone would hide a destination whose amount nobody knows.
	every destination in input.transaction.destinations {
		within_cap(destination.amount)
	}
}

within_cap(paid) if amount.int(paid.units) <= amount.int(data.limits.per_transaction[paid.token])

uncapped := [total.token |
	some total in input.transaction.totals
	not data.limits.per_transaction[total.token]
]

exceeded := [$"{total.text} {total.token} is {total.units} units, cap {data.limits.per_transaction[total.token]}" |
	some total in input.transaction.totals
	amount.int(total.units) > amount.int(data.limits.per_transaction[total.token])
]

paid[total.token] := total.units if some total in input.transaction.totals

caps[total.token] := data.limits.per_transaction[total.token] if some total in input.transaction.totals

values := {"paid": paid, "caps": caps}

message["AMOUNT_CAP"] := $"no cap for {concat(", ", uncapped)}: set limits.per_transaction.<TOKEN> in the smallest unit" if {
	count(uncapped) > 0
}

message["AMOUNT_CAP"] := $"{concat("; ", exceeded)}: raise limits.per_transaction only if this payment is right" if {
	count(uncapped) == 0
	count(exceeded) > 0
}

message["AMOUNT_CAP"] := "an amount is not known exactly, or a cap is no string of digits: see data.tokens and limits.per_transaction" if {
	count(uncapped) == 0
	count(exceeded) == 0
}
