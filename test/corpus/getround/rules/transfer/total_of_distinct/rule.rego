# METADATA
# title: All destinations together stay within the limit
# custom:
#   severity: high
#   requires: {TOTAL_WITHIN_LIMIT: deny}
package rules.transfer.total_of_distinct

import data.lib.amount

paid contains amount.int(destination.amount.usd_micros) if some destination in input.transaction.destinations

require["TOTAL_WITHIN_LIMIT"] if sum(paid) <= amount.int(data.limits.payment)
