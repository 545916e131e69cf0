# METADATA
# title: Caps
# description: What is paid of each token, held against `data.limits.per_transaction`.
package lib.caps

import data.lib.amount

# METADATA
# description: The total of every token is within its cap.
kept if {
	every total in input.transaction.totals {
		within(total)
	}
}

# METADATA
# description: The amount is known, and within the cap of its token.
within(paid) if amount.int(paid.units) <= amount.int(data.limits.per_transaction[paid.token])

# METADATA
# description: The tokens without a cap.
uncapped := [total.token |
	some total in input.transaction.totals
	not data.limits.per_transaction[total.token]
]

# METADATA
# description: The totals over their cap, in words.
exceeded := [$"{total.text} {total.token} is {total.units} units, cap {data.limits.per_transaction[total.token]}" |
	some total in input.transaction.totals
	amount.int(total.units) > amount.int(data.limits.per_transaction[total.token])
]

# METADATA
# description: What was compared.
compared := {
	"paid": {total.token: total.units | some total in input.transaction.totals},
	"caps": {total.token: data.limits.per_transaction[total.token] | some total in input.transaction.totals},
}

# METADATA
# scope: document
# description: What is wrong, for people.
words := $"no cap for {concat(", ", uncapped)}: set limits.per_transaction.<TOKEN> in the smallest unit" if {
	count(uncapped) > 0
}

words := $"{concat("; ", exceeded)}: raise limits.per_transaction only if this payment is right" if {
	count(uncapped) == 0
	count(exceeded) > 0
}

words := "an amount is not known exactly, or a cap is no string of digits: see data.tokens and limits.per_transaction" if {
	count(uncapped) == 0
	count(exceeded) == 0
}
