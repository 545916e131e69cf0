# METADATA
# title: Repeated payments
# description: |
#   No payment equals an earlier one: the same amount of the same token to the same address within the window.
#   History gives number and sum, not single amounts, so a person decides wherever an equal one is possible. Where the
#   bytes are verified, their transfers are the payments.
# custom:
#   severity: medium
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {REPEATED_PAYMENT: hold}
#   optional:
#     - evidence.effects
#     - evidence.effects.*.asset
#     - evidence.effects.*.to
#     - evidence.effects.*.amount
#     - evidence.effects.*.amount.units
package rules.transfer.repeated_payment

import data.lib.amount
import data.lib.effects

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

# Number and total have of a replacement only what it exceeds the replaced payment by, which may have come before the
# window. These two are of all that was signed.
facts["first"] := {
	"kind": "first",
	"by": ["transaction.token", "transaction.destinations[].address"],
	"window": data.limits.repeated.window,
}

facts["last"] := {
	"kind": "last",
	"by": ["transaction.token", "transaction.destinations[].address"],
	"window": data.limits.repeated.window,
}

# When whatever was paid to the address: of a token that history was not asked for it says nothing else.
facts["any"] := {
	"kind": "last",
	"by": ["transaction.destinations[].address"],
	"window": data.limits.repeated.window,
}

require["REPEATED_PAYMENT"] if {
	every payment in payments {
		is_new(payment)
	}
}

# Token, address and units of each payment. None of them may be left out for lack of one of the three.
payments := rows if {
	input.evidence.status == "verified"
	effects.seen
	rows := [[effect.asset, effect.to, effect.amount.units] | some effect in effects.transfers]
	count(rows) == count(effects.transfers)
}

payments := rows if {
	input.evidence.status in {"absent", "undecodable", "unsupported", "mismatch"}
	rows := [[destination.amount.token, destination.address, destination.amount.units] |
		some destination in input.transaction.destinations
	]
	count(rows) == count(input.transaction.destinations)
}

is_new([token, address, units]) if {
	token == input.transaction.token
	differs(
		address,
		amount.int(input.facts.repeated_payment.number[address]),
		amount.int(input.facts.repeated_payment.total[address]),
		amount.int(units),
	)
}

is_new([token, address, _]) if {
	token != input.transaction.token
	input.facts.repeated_payment.any[address] == "0"
}

# There is no earlier one.
differs(address, 0, _, _) if input.facts.repeated_payment.last[address] == "0"

# There is one, nothing that replaces it, and it is the total.
differs(address, 1, total, units) if {
	input.facts.repeated_payment.first[address] == input.facts.repeated_payment.last[address]
	total != units
}

# However many there are, none is more than the total.
differs(_, number, total, units) if {
	number > 0
	total < units
}

repeated := [$"{units} units of {token} to {address}" |
	some [token, address, units] in payments
	not is_new([token, address, units])
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
