# METADATA
# title: New destinations
# description: |
#   What a transaction pays to addresses that its wallet never paid before on this chain stays, all of them
#   together, within an amount in dollars. Above that a person decides.
# custom:
#   severity: medium
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {NEW_DESTINATION: hold}
package rules.transfer.new_destination

import data.lib.amount

# All of history, of this wallet: what a wallet pays that pays strangers all day is not known to the treasury.
facts["paid"] := {"kind": "count", "by": ["wallet.id", "transaction.chain", "transaction.destinations[].address"]}

require["NEW_DESTINATION"] if to_new <= amount.int(limit)

limit := data.limits.new_destination.usd_micros

micros := [destination.amount.usd_micros | some destination in input.transaction.destinations]

paid := amount.total(micros) if count(micros) == count(input.transaction.destinations)

# What is taken off is what was seen to be known: all else counts as new.
to_new := paid - amount.total([destination.amount.usd_micros |
	some destination in input.transaction.destinations
	amount.int(input.facts.new_destination.paid[destination.address]) > 0
])

new contains destination.address if {
	some destination in input.transaction.destinations
	input.facts.new_destination.paid[destination.address] == "0"
}

values["new"] := new

values["to_new"] := amount.text(to_new)

values["limit"] := limit

message["NEW_DESTINATION"] := $"{total} USD to {concat(", ", new)}, which this wallet never paid: above {amount.dollars(limit)} USD a person decides" if {
	total := amount.dollars(amount.text(to_new))
}

message["NEW_DESTINATION"] := "not known which destinations are new, or what they get in dollars: are there prices, and is a wallet named?" if {
	not to_new
}
