# METADATA
# title: Not split below the limit
# description: |
#   What a sender pays in several deposits of a token within the window does not add up to the amount that somebody reviews,
#   while each of them stays below it.
# custom:
#   severity: medium
#   requires: {STRUCTURING: deny}
#   optional:
#     - deposit.sources
#     - transaction.sources
#     - transaction.sources.*.address
#     - transaction.destinations.*.amount
#     - transaction.destinations.*.amount.units
#     - transaction.destinations.*.amount.token
#     - facts.structuring.sent
#     - facts.structuring.number
#   allow_empty: [deposits.tokens]
package rules.deposit.structuring

import data.lib.amount
import data.lib.deposits

facts["sent"] := {
	"kind": "sum",
	"of": "units",
	"by": ["transaction.token", "transaction.sources[].address"],
	"where": {"direction": "in"},
	"window": data.deposits.structuring.window,
}

facts["number"] := {
	"kind": "count",
	"by": ["transaction.token", "transaction.sources[].address"],
	"where": {"direction": "in"},
	"window": data.deposits.structuring.window,
}

require["STRUCTURING"] if {
	every destination in input.transaction.destinations {
		every address in deposits.senders {
			is_whole(destination, address)
		}
	}
}

is_whole(destination, _) if deposits.uncounted(destination)

# What is as large as that is reviewed by itself.
is_whole(destination, _) if deposits.units(destination) >= review(destination)

is_whole(destination, address) if {
	amount.int(input.facts.structuring.sent[address]) + deposits.units(destination) < review(destination)
}

is_whole(destination, address) if {
	deposits.units(destination) < review(destination)
	amount.int(input.facts.structuring.number[address]) + 1 < amount.int(data.deposits.structuring.count)
}

review(destination) := amount.int(deposits.expected(destination).review)

splitting contains address if {
	some destination in input.transaction.destinations
	some address in deposits.senders
	not is_whole(destination, address)
}

unset contains destination.amount.token if {
	some destination in input.transaction.destinations
	not data.deposits.tokens[destination.amount.token].review
}

values["splitting"] := splitting

values["sent"] := input.facts.structuring.sent

values["number"] := input.facts.structuring.number

values["limits"] := data.deposits.structuring

message["STRUCTURING"] := $"no amount to review for {concat(", ", unset)}: set deposits.tokens.<TOKEN>.review in the smallest unit" if {
	count(unset) > 0
}

message["STRUCTURING"] := $"{concat(", ", splitting)} sent several in {window}, each below the amount to review, together above it: review them together" if {
	count(unset) == 0
	window := data.deposits.structuring.window
}
