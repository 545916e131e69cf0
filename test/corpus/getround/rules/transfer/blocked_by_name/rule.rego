# METADATA
# title: Nobody is paid whom the desk has blocked
# custom:
#   severity: high
#   requires: {NOT_BLOCKED: deny}
package rules.transfer.blocked_by_name

require["NOT_BLOCKED"] if {
	every destination in input.transaction.destinations {
		not destination.address in data.blocked_names
	}
}
