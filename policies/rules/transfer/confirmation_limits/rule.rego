# METADATA
# title: Limits of confirmations
# description: |
#   Within the window all that leaves, from whichever wallet, stays within limits, the withdrawal that is confirmed included: in
#   dollars, in exact units of each token, and in number. A confirmation often names neither a wallet nor an address that pays,
#   so that limits of one would not see it.
# custom:
#   severity: high
#   kinds: [withdrawal_confirmation]
#   requires: {CONFIRMATION_LIMIT: deny, CONFIRMATION_TOKEN_LIMIT: deny, CONFIRMATION_COUNT: hold}
#   allow_empty: [limits.confirmations.units]
package rules.transfer.confirmation_limits

import data.lib.amount

facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": [], "window": data.limits.confirmations.window}

facts["units"] := {
	"kind": "sum",
	"of": "units",
	"by": ["transaction.totals[].token"],
	"window": data.limits.confirmations.window,
}

facts["made"] := {"kind": "count", "by": [], "window": data.limits.confirmations.window}

require["CONFIRMATION_LIMIT"] if spent <= amount.int(data.limits.confirmations.usd_micros)

require["CONFIRMATION_TOKEN_LIMIT"] if {
	every total in input.transaction.totals {
		after(total) <= amount.int(data.limits.confirmations.units[total.token])
	}

	# The totals alone would hide a destination whose amount nobody knows.
	every destination in input.transaction.destinations {
		amount.int(destination.amount.units) <= amount.int(input.transaction.totals[destination.amount.token].units)
	}
}

require["CONFIRMATION_COUNT"] if made <= amount.int(data.limits.confirmations.count)

spent := amount.int(input.facts.confirmation_limits.spent) + amount.int(input.transaction.total_usd_micros)

after(total) := amount.int(input.facts.confirmation_limits.units[total.token]) + amount.int(total.units)

made := amount.int(input.facts.confirmation_limits.made) + count(input.transaction.destinations)

unlimited := [total.token |
	some total in input.transaction.totals
	not data.limits.confirmations.units[total.token]
]

exceeded := [$"{amount.text(after(total))} units of {total.token}, limit {data.limits.confirmations.units[total.token]}" |
	some total in input.transaction.totals
	after(total) > amount.int(data.limits.confirmations.units[total.token])
]

units[total.token] := amount.text(after(total)) if some total in input.transaction.totals

values["spent"] := amount.text(spent)

values["made"] := amount.text(made)

values["units"] := units

values["limits"] := data.limits.confirmations

window := data.limits.confirmations.window

message["CONFIRMATION_LIMIT"] := $"{dollars} USD leave in {window} with this, limit {most}: wait, or raise limits.confirmations.usd_micros if it is right" if {
	dollars := amount.dollars(amount.text(spent))
	most := amount.dollars(data.limits.confirmations.usd_micros)
}

message["CONFIRMATION_LIMIT"] := "not known in dollars: what left before, or this withdrawal; are there prices, and is the token in data.tokens?" if {
	not spent
}

message["CONFIRMATION_TOKEN_LIMIT"] := $"no limit for {concat(", ", unlimited)}: set limits.confirmations.units.<TOKEN> in the smallest unit" if {
	count(unlimited) > 0
}

message["CONFIRMATION_TOKEN_LIMIT"] := $"{concat("; ", exceeded)} in {window} with this: wait, or raise limits.confirmations.units if it is right" if {
	count(unlimited) == 0
	count(exceeded) > 0
}

message["CONFIRMATION_TOKEN_LIMIT"] := "not known in units: what left before, or this withdrawal; is the token in data.tokens?" if {
	count(unlimited) == 0
	count(exceeded) == 0
}

message["CONFIRMATION_COUNT"] := $"{amount.text(made)} payments in {window} with this, {data.limits.confirmations.count} are usual: a person decides; a loop?"
