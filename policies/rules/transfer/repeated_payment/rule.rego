# METADATA
# title: Repeated payments
# description: |
#   No payment equals an earlier one: the same amount of the same token to the same address within the window.
#   History gives number and sum, not single amounts, so a person decides wherever an equal one is possible.
# custom:
#   severity: medium
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {REPEATED_PAYMENT: hold}
package rules.transfer.repeated_payment

import data.lib.amount

# Of all wallets: a retry may come from another one.
facts["number"] := {
	"kind": "count",
	"by": ["transaction.token", "transaction.destinations[].address"],
	"window": data.limits.repeated.window,
}

facts["total"] := {
	"kind": "sum",
	"of": "units",
	"by": ["transaction.token", "transaction.destinations[].address"],
	"window": data.limits.repeated.window,
}

require["REPEATED_PAYMENT"] if {
	every destination in input.transaction.destinations {
		# History was asked for this token: of another one it says nothing.
		destination.amount.token == input.transaction.token
		differs(
			amount.int(input.facts.repeated_payment.number[destination.address]),
			amount.int(input.facts.repeated_payment.total[destination.address]),
			amount.int(destination.amount.units),
		)
	}
}

# There is no earlier one.
differs(0, _, _)

# There is one, and it is the total.
differs(1, total, units) if total != units

# However many there are, none is more than the total.
differs(_, total, units) if total < units

repeated := [$"{destination.amount.text} {destination.amount.token} to {destination.address}" |
	some destination in input.transaction.destinations
	not differs(
		amount.int(input.facts.repeated_payment.number[destination.address]),
		amount.int(input.facts.repeated_payment.total[destination.address]),
		amount.int(destination.amount.units),
	)
]

values["repeated"] := repeated

values["number"] := input.facts.repeated_payment.number

values["total"] := input.facts.repeated_payment.total

values["window"] := data.limits.repeated.window

message["REPEATED_PAYMENT"] := $"{concat("; ", repeated)}: perhaps paid already within {data.limits.repeated.window}; are both meant? Ask who sent it" if {
	count(repeated) > 0
}

message["REPEATED_PAYMENT"] := "not known whether a destination was paid the same amount before: has it an address, and data.tokens the token?" if {
	count(repeated) == 0
}
