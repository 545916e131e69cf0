# METADATA
# title: New destinations
# description: |
#   What a transaction pays to addresses that its wallet never paid before on this chain, or lets them take, stays, all of
#   them together, within an amount in dollars. Above that a person decides.
# custom:
#   severity: medium
#   kinds: [transaction_signing]
#   requires: {NEW_DESTINATION: hold}
#   optional:
#     - evidence.effects
#     - evidence.effects.*.to
#     - evidence.effects.*.amount
#     - evidence.effects.*.amount.usd_micros
package rules.transfer.new_destination

import data.lib.amount
import data.lib.effects

# All of history, of this wallet: what a wallet pays that pays strangers all day is not known to the treasury.
facts["paid"] := {"kind": "count", "by": ["wallet.id", "transaction.chain", "transaction.destinations[].address"]}

require["NEW_DESTINATION"] if to_new <= amount.int(limit)

limit := data.limits.new_destination.usd_micros

# Address and dollars of each payment, as the bytes have it where they are verified. None of them may be left out for
# lack of one of the two.
payments := rows if {
	input.evidence.status == "verified"
	effects.seen
	granted := array.concat(effects.transfers, effects.grants)
	rows := [[effect.to, effect.amount.usd_micros] | some effect in granted]
	count(rows) == count(granted)
}

payments := rows if {
	input.evidence.status in {"absent", "undecodable", "unsupported", "mismatch"}
	rows := [[destination.address, destination.amount.usd_micros] | some destination in input.transaction.destinations]
	count(rows) == count(input.transaction.destinations)
}

# Without a list there is nothing to add up, which would be 0.
paid := amount.total([micros | some [_, micros] in payments]) if is_array(payments)

# What is taken off is what was seen to be known: all else counts as new.
to_new := paid - amount.total([micros |
	some [address, micros] in payments
	amount.int(input.facts.new_destination.paid[address]) > 0
])

new contains address if {
	some [address, _] in payments
	input.facts.new_destination.paid[address] == "0"
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
