# METADATA
# title: A payment is not over the limit
# custom:
#   severity: high
#   requires: {NOT_OVER: deny}
package rules.transfer.over_is_false

import data.lib.amount

default over := false

over if amount.int(input.transaction.total_usd_micros) > amount.int(data.wallet_caps[input.wallet.id])

require["NOT_OVER"] if over == false
