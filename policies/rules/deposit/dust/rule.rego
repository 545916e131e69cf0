# METADATA
# title: More than dust
# description: |
#   A deposit is worth the trouble: more units of its token than `dust` in `data.deposits.tokens`. Who sends less wants to be
#   seen in a history that addresses are copied from, or to make work.
# custom:
#   severity: low
#   requires: {DUST: deny}
#   optional: [transaction.destinations.*.amount, transaction.destinations.*.amount.units, transaction.destinations.*.amount.token]
#   allow_empty: [deposits.tokens]
package rules.deposit.dust

import data.lib.amount
import data.lib.deposits

require["DUST"] if {
	every destination in input.transaction.destinations {
		is_enough(destination)
	}
}

is_enough(destination) if deposits.uncounted(destination)

is_enough(destination) if deposits.units(destination) > amount.int(deposits.expected(destination).dust)

small := [$"{destination.amount.text} {destination.amount.token}" |
	some destination in input.transaction.destinations
	deposits.units(destination) <= amount.int(deposits.expected(destination).dust)
]

unset contains destination.amount.token if {
	some destination in input.transaction.destinations
	not data.deposits.tokens[destination.amount.token].dust
}

values["small"] := small

values["unset"] := unset

message["DUST"] := $"{concat(", ", small)} is dust: never copy its sender's address from a history" if count(small) > 0

message["DUST"] := $"no dust limit for {concat(", ", unset)}: set deposits.tokens.<TOKEN>.dust in the smallest unit" if {
	count(small) == 0
	count(unset) > 0
}

message["DUST"] := "a dust limit is no string of digits: see deposits.tokens" if {
	count(small) == 0
	count(unset) == 0
}
