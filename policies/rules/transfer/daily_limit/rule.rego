# METADATA
# title: Daily limit
# description: |
#   What a wallet pays within the window, and what each source address pays, in dollars and with this payment, stays
#   within the limits: above the lower one a person decides, above the higher one nobody pays.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   requires: {DAILY_LIMIT: deny, DAILY_SOFT_LIMIT: hold}
package rules.transfer.daily_limit

import data.lib.daily

facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": ["wallet.id"], "window": data.limits.daily.window}

# What the key proves. Who makes up a wallet for each payment still pays from the same address.
facts["spent_from"] := {
	"kind": "sum",
	"of": "usd_micros",
	"by": ["transaction.sources[].address"],
	"window": data.limits.daily.window,
}

require["DAILY_LIMIT"] if daily.within(data.limits.daily.deny)

require["DAILY_SOFT_LIMIT"] if daily.within(data.limits.daily.hold)

values := daily.compared

message["DAILY_LIMIT"] := daily.denies

message["DAILY_SOFT_LIMIT"] := daily.holds
