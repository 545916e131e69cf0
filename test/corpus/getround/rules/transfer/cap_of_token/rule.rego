# METADATA
# title: Every token stays within its cap
# custom:
#   severity: high
#   requires: {TOKEN_CAP: deny}
package rules.transfer.cap_of_token

import data.lib.amount

require["TOKEN_CAP"] if {
	every total in input.transaction.totals {
		amount.int(total.text) <= amount.int(data.caps[total.token])
	}
}
