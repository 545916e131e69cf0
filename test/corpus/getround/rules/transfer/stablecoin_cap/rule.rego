# METADATA
# title: Stablecoins stay within the day's cap
# custom:
#   severity: high
#   requires: {STABLE_CAP: deny}
package rules.transfer.stablecoin_cap

import data.lib.amount

within(total) if total.token != "ETH_USDT"

within(total) if amount.int(total.units) <= amount.int(data.caps.ETH_USDT)

require["STABLE_CAP"] if {
	every total in input.transaction.totals {
		within(total)
	}
}
