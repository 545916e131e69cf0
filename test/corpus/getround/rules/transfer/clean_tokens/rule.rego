# METADATA
# title: Every token is a clean one
# custom:
#   severity: high
#   requires: {CLEAN_TOKENS: deny}
package rules.transfer.clean_tokens

import data.lib.amount

tokens contains total.token if some total in input.transaction.totals

over contains total.token if {
	some total in input.transaction.totals
	amount.int(total.units) > amount.int(data.caps[total.token])
}

require["CLEAN_TOKENS"] if tokens - over == tokens
