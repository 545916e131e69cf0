# METADATA
# title: All payees together get no more than the limit
# custom:
#   severity: high
#   requires: {PAYEES_WITHIN_LIMIT: deny}
package rules.transfer.total_by_payee

import data.lib.amount

paid[destination.address] := amount.int(destination.amount.usd_micros) if {
	some destination in input.transaction.destinations
}

require["PAYEES_WITHIN_LIMIT"] if sum([each | some each in paid]) <= amount.int(data.limits.payment)
