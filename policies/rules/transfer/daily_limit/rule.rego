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

import data.lib.daily

facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": ["wallet.id"], "window": data.limits.daily.window}

require["DAILY_LIMIT"] if daily.within(data.limits.daily.deny)

require["DAILY_SOFT_LIMIT"] if daily.within(data.limits.daily.hold)

values := daily.compared

message["DAILY_LIMIT"] := daily.denies

message["DAILY_SOFT_LIMIT"] := daily.holds
