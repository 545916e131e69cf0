# METADATA
# title: All tokens together stay within the cap
# custom:
#   severity: high
#   requires: {ALL_TOKENS: deny}
package rules.transfer.all_tokens_together

import data.lib.amount

require["ALL_TOKENS"] if {
	amount.total([total.units | some total in input.transaction.totals]) <= amount.int(data.caps.ETH)
}
