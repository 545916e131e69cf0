# METADATA
# title: Tokens that have a cap stay within it
# custom:
#   severity: high
#   requires: {CAPPED: deny}
package rules.transfer.capped_tokens

import data.lib.amount

capped := [total |
	some total in input.transaction.totals
	data.caps[total.token]
]

require["CAPPED"] if {
	every total in capped {
		amount.int(total.units) <= amount.int(data.caps[total.token])
	}
}
