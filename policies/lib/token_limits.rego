# METADATA
# title: Limits per token
# description: |
#   What a wallet paid of each token within the window, and each source address of the transaction's own token, in exact
#   units and with the request at hand. For the rules `token_limit`, whose facts it reads.
package lib.token_limits

import data.lib.amount

# METADATA
# description: Of every token that is paid, the wallet's sum is within the limit.
kept if {
	every total in input.transaction.totals {
		after(total) <= amount.int(data.limits.token.units[total.token])
	}
}

# METADATA
# description: |
#   Of the token that the transaction names, the sum of every source address is within the limit. Of other tokens that it
#   pays history cannot be asked by address.
kept_from_sources if {
	count(input.facts.token_limit.spent_from) > 0
	every total in input.transaction.totals {
		every spent in input.facts.token_limit.spent_from {
			kept_from(spent, total)
		}
	}
}

kept_from(_, total) if total.token != input.transaction.token

kept_from(spent, total) if {
	total.token == input.transaction.token
	after_from(spent, total) <= amount.int(data.limits.token.units[total.token])
}

after_from(spent, total) := amount.int(spent) + amount.int(total.units)

# METADATA
# description: The units of one token's total and of what was paid of it before.
after(total) := amount.int(input.facts.token_limit.spent[total.token]) + amount.int(total.units)

unlimited := [total.token |
	some total in input.transaction.totals
	not data.limits.token.units[total.token]
]

exceeded := [$"{amount.text(paid)} units of {total.token} from {payer} in {data.limits.token.window} with this one, limit {limit}" |
	some total in input.transaction.totals
	limit := data.limits.token.units[total.token]
	some [payer, paid] in array.concat([["the wallet", after(total)]], from_sources(total))
	paid > amount.int(limit)
]

from_sources(total) := [[address, after_from(spent, total)] |
	total.token == input.transaction.token
	some address, spent in input.facts.token_limit.spent_from
]

# METADATA
# scope: document
# description: What was compared, for people.
compared["spent"] := input.facts.token_limit.spent

compared["spent_from"] := input.facts.token_limit.spent_from

compared["payment"] := payment

compared["after"] := sums

compared["limits"] := limits

payment[total.token] := total.units if some total in input.transaction.totals

sums[total.token] := amount.text(after(total)) if some total in input.transaction.totals

limits[total.token] := data.limits.token.units[total.token] if some total in input.transaction.totals

# METADATA
# scope: document
# description: What is wrong, for people.
words := $"no limit for {concat(", ", unlimited)}: set limits.token.units.<TOKEN> in the smallest unit" if {
	count(unlimited) > 0
}

words := $"{concat("; ", exceeded)}: wait, or raise limits.token if it is right" if {
	count(unlimited) == 0
	count(exceeded) > 0
}

words := "not known in units: what wallet or source spent, this payment, or a limit; see data.tokens" if {
	count(unlimited) == 0
	count(exceeded) == 0
}
