# METADATA
# title: The first destination is a supplier
# custom:
#   severity: high
#   requires: {FIRST_LISTED: deny}
package rules.transfer.payee_by_place

require["FIRST_LISTED"] if {
	every place, destination in input.transaction.destinations {
		is_fine(place, destination)
	}
}

is_fine(place, _) if place > 0

is_fine(0, destination) if data.allowlist[input.transaction.chain][destination.address]
