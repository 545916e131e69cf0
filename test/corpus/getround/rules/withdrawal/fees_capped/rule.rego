# METADATA
# title: What a withdrawal costs stays within the cap
# custom:
#   severity: high
#   requires: {FEES_CAPPED: deny}
#   optional: [deposit.service_fee]
package rules.withdrawal.fees_capped

import data.lib.amount

fees := [fee.usd_micros | some fee in [input.deposit.fee, input.deposit.service_fee]]

require["FEES_CAPPED"] if amount.total(fees) <= amount.int(data.limits.fees)
