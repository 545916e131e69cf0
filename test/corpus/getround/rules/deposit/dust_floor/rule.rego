# METADATA
# title: A deposit is more than dust
# custom:
#   severity: high
#   requires: {NOT_DUST: deny}
package rules.deposit.dust_floor

import data.lib.amount

floor_of(token) := amount.int(object.get(data.floors, token, "0"))

require["NOT_DUST"] if {
	every destination in input.transaction.destinations {
		amount.int(destination.amount.units) >= floor_of(destination.amount.token)
	}
}
