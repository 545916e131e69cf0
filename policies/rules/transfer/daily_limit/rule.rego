# METADATA
# title: Daily limit
# description: |
#   What a wallet pays within the window, in dollars and with this payment, stays within its limits: above the
#   lower one a person decides, above the higher one nobody pays.
# custom:
#   severity: high
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {DAILY_LIMIT: deny, DAILY_SOFT_LIMIT: hold}
package rules.transfer.daily_limit

import data.lib.amount

facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": ["wallet.id"], "window": data.limits.daily.window}

after := amount.int(input.facts.daily_limit.spent) + amount.int(input.transaction.total_usd_micros)

require["DAILY_LIMIT"] if after <= amount.int(data.limits.daily.deny)

require["DAILY_SOFT_LIMIT"] if after <= amount.int(data.limits.daily.hold)

values["spent"] := input.facts.daily_limit.spent

values["payment"] := input.transaction.total_usd_micros

values["after"] := amount.text(after)

values["limits"] := limits

limits := data.limits.daily

total := amount.dollars(amount.text(after))

message["DAILY_LIMIT"] := $"{total} USD in {limits.window} with this payment, limit {dollars}: wait, or raise limits.daily.deny if it is right" if {
	total
	dollars := amount.dollars(limits.deny)
}

message["DAILY_LIMIT"] := unknown if not total

message["DAILY_SOFT_LIMIT"] := $"{total} USD in {limits.window} with this payment: above {dollars} (limits.daily.hold) a person decides" if {
	total
	dollars := amount.dollars(limits.hold)
}

message["DAILY_SOFT_LIMIT"] := unknown if not total

unknown := "not known in dollars: what the wallet spent, or this payment; are there prices and data.tokens, and does the request name a wallet?"
