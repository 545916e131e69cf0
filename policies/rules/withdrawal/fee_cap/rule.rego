# METADATA
# title: Fees within their cap
# description: |
#   What a withdrawal cost, where that is known, is within `data.limits.fee`: of the coin that paid for it, where that has a
#   cap, and in dollars, where there is a price.
# custom:
#   severity: medium
#   requires: {FEE_CAP: deny}
#   optional: [deposit.fee, deposit.fee.units, deposit.fee.usd_micros]
#   allow_empty: [limits.fee.native]
package rules.withdrawal.fee_cap

import data.lib.amount

require["FEE_CAP"] if {
	within_native
	within_dollars
}

within_native if not input.deposit.fee.units

within_native if not data.limits.fee.native[input.deposit.fee.token]

within_native if amount.int(input.deposit.fee.units) <= amount.int(data.limits.fee.native[input.deposit.fee.token])

within_dollars if not input.deposit.fee.usd_micros

within_dollars if amount.int(input.deposit.fee.usd_micros) <= amount.int(data.limits.fee.usd_micros)

fee := input.deposit.fee

values["fee"] := fee

values["limits"] := data.limits.fee

message["FEE_CAP"] := $"cost {fee.text} {fee.token}, more than limits.fee allows: was it stuck, or did somebody overpay on purpose?"
