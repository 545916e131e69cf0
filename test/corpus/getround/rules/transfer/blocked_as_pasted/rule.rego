# METADATA
# title: Nobody is paid who stands on the list of the chain explorer
# custom:
#   severity: high
#   requires: {NOT_REPORTED: deny}
package rules.transfer.blocked_as_pasted

require["NOT_REPORTED"] if {
	every destination in input.transaction.destinations {
		not data.reported[destination.address]
	}
}
