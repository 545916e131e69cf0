# METADATA
# title: Daily limits
# description: |
#   What a wallet paid within the window, in dollars and with the request at hand. For the rules `daily_limit`, whose
#   fact it reads.
package lib.daily

import data.lib.amount

# METADATA
# description: The sum, in millionths of a dollar.
after := amount.int(input.facts.daily_limit.spent) + amount.int(input.transaction.total_usd_micros)

# METADATA
# description: The sum is within one of the limits.
within(limit) if after <= amount.int(limit)

limits := data.limits.daily

# METADATA
# scope: document
# description: What was compared, for people.
compared["spent"] := input.facts.daily_limit.spent

compared["payment"] := input.transaction.total_usd_micros

compared["after"] := amount.text(after)

compared["limits"] := limits

total := amount.dollars(amount.text(after))

# METADATA
# scope: document
# description: What is wrong with the limit that denies, for people.
denies := $"{total} USD in {limits.window} with this payment, limit {dollars}: wait, or raise limits.daily.deny if it is right" if {
	total
	dollars := amount.dollars(limits.deny)
}

denies := unknown if not total

# METADATA
# scope: document
# description: What is wrong with the limit that holds, for people.
holds := $"{total} USD in {limits.window} with this payment: above {dollars} (limits.daily.hold) a person decides" if {
	total
	dollars := amount.dollars(limits.hold)
}

holds := unknown if not total

unknown := "not known in dollars: what the wallet spent, or this payment; are there prices and data.tokens, and does the request name a wallet?"
