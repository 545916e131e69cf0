# METADATA
# title: The amounts together stay within the limit
# custom:
#   severity: high
#   requires: {AMOUNTS_WITHIN_LIMIT: deny}
package rules.transfer.distinct_amounts

import data.lib.amount

amounts contains destination.amount.usd_micros if some destination in input.transaction.destinations

require["AMOUNTS_WITHIN_LIMIT"] if amount.total(amounts) <= amount.int(data.limits.payment)
