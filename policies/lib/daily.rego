# METADATA
# title: Daily limits
# description: |
#   What a wallet paid within the window, and each address that the request takes from, in dollars and with the request
#   at hand. For the rules `daily_limit`, whose facts it reads.
package lib.daily

import data.lib.amount
import data.lib.payers

most := payers.most(
	input.facts.daily_limit.spent,
	[[address, spent] | some address, spent in input.facts.daily_limit.spent_from],
)

# METADATA
# description: The sum of whoever paid most, in millionths of a dollar.
after := amount.int(most.past) + amount.int(input.transaction.total_usd_micros)

# METADATA
# description: That sum, and so every other, is within one of the limits.
within(limit) if after <= amount.int(limit)

limits := data.limits.daily

# METADATA
# scope: document
# description: What was compared, for people.
compared["payer"] := most.payer

compared["spent"] := most.past

compared["payment"] := input.transaction.total_usd_micros

compared["after"] := amount.text(after)

compared["limits"] := limits

total := amount.dollars(amount.text(after))

# METADATA
# scope: document
# description: What is wrong with the limit that denies, for people.
denies := $"{total} USD from {most.payer} in {limits.window} with this payment, limit {dollars}: wait, or raise limits.daily.deny if it is right" if {
	total
	dollars := amount.dollars(limits.deny)
}

denies := unknown if not total

# METADATA
# scope: document
# description: What is wrong with the limit that holds, for people.
holds := $"{total} USD from {most.payer} in {limits.window} with this payment: above {dollars} (limits.daily.hold) a person decides" if {
	total
	dollars := amount.dollars(limits.hold)
}

holds := unknown if not total

unknown := "not known in dollars: what wallet and source spent, or this payment; are there prices and data.tokens, and does the request name both?"
