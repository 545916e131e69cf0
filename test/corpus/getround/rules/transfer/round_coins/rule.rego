# METADATA
# title: No more than five coins of a token
# custom:
#   severity: high
#   requires: {FIVE_COINS: deny}
package rules.transfer.round_coins

import data.lib.amount

require["FIVE_COINS"] if {
	every total in input.transaction.totals {
		round(amount.int(total.units) / 1000000000000000000) <= 5
	}
}
