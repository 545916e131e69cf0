# METADATA
# title: Limits per token
# description: |
#   What a wallet paid of each token within the window, in exact units and with the request at hand. For the rules
#   `token_limit`, whose fact it reads.
package lib.token_limits

import data.lib.amount

# METADATA
# description: Of every token that is paid, the sum is within the limit.
kept if {
	every total in input.transaction.totals {
		after(total) <= amount.int(data.limits.token.units[total.token])
	}
}

# METADATA
# description: The units of one token's total and of what was paid of it before.
after(total) := amount.int(input.facts.token_limit.spent[total.token]) + amount.int(total.units)

unlimited := [total.token |
	some total in input.transaction.totals
	not data.limits.token.units[total.token]
]

exceeded := [$"{amount.text(after(total))} units of {total.token} in {data.limits.token.window} with this one, limit {limit}" |
	some total in input.transaction.totals
	limit := data.limits.token.units[total.token]
	after(total) > amount.int(limit)
]

# METADATA
# scope: document
# description: What was compared, for people.
compared["spent"] := input.facts.token_limit.spent

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

words := "not known in units: what the wallet spent, this payment, or a limit; see data.tokens" if {
	count(unlimited) == 0
	count(exceeded) == 0
}
