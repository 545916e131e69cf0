# METADATA
# title: A usual amount
# description: |
#   A deposit is no more than what passes for usual of its token, or than a multiple of what its address got of the token on
#   average within the window. An address that got nothing yet has an average of 0.
# custom:
#   severity: medium
#   requires: {UNUSUAL_AMOUNT: deny}
#   optional: [transaction.destinations.*.amount, transaction.destinations.*.amount.units, transaction.destinations.*.amount.token]
#   allow_empty: [deposits.tokens]
package rules.deposit.usual

import data.lib.amount
import data.lib.deposits

facts["received"] := {
	"kind": "sum",
	"of": "units",
	"by": ["transaction.token", "transaction.destinations[].address"],
	"where": {"direction": "in"},
	"window": data.deposits.usual.window,
}

facts["number"] := {
	"kind": "count",
	"by": ["transaction.token", "transaction.destinations[].address"],
	"where": {"direction": "in"},
	"window": data.deposits.usual.window,
}

require["UNUSUAL_AMOUNT"] if {
	every destination in input.transaction.destinations {
		is_usual(destination)
	}
}

is_usual(destination) if deposits.uncounted(destination)

is_usual(destination) if deposits.units(destination) <= amount.int(deposits.expected(destination).usual)

# Above factor times the mean, without a division.
is_usual(destination) if {
	received := amount.int(input.facts.usual.received[destination.address])
	number := amount.int(input.facts.usual.number[destination.address])
	deposits.units(destination) * number <= amount.int(data.deposits.usual.factor) * received
	number > 0
}

unusual := [$"{destination.amount.text} {destination.amount.token} to {destination.address}" |
	some destination in input.transaction.destinations
	not is_usual(destination)
]

unset contains destination.amount.token if {
	some destination in input.transaction.destinations
	not data.deposits.tokens[destination.amount.token].usual
}

values["received"] := input.facts.usual.received

values["number"] := input.facts.usual.number

values["unusual"] := unusual

limits := data.deposits.usual

values["limits"] := limits

message["UNUSUAL_AMOUNT"] := $"no usual amount for {concat(", ", unset)}: set deposits.tokens.<TOKEN>.usual in the smallest unit" if {
	count(unset) > 0
}

message["UNUSUAL_AMOUNT"] := $"{concat("; ", unusual)}: over {limits.factor} times its mean of {limits.window}; does the customer expect it?" if {
	count(unset) == 0
}
