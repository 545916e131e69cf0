# METADATA
# title: The risk of a payment stays below 50 points
# custom:
#   severity: high
#   requires: {RISK: deny}
package rules.transfer.risk_score

import data.lib.amount

points[total.token] := 60 if {
	some total in input.transaction.totals
	amount.int(total.units) > amount.int(data.caps[total.token])
}

require["RISK"] if sum([each | some each in points]) < 50
