# METADATA
# title: No destination is one of the blocked
# custom:
#   severity: high
#   requires: {NO_BLOCKED_ENTRY: deny}
package rules.transfer.blocked_entries

require["NO_BLOCKED_ENTRY"] if {
	every destination in input.transaction.destinations {
		every entry in data.blocked {
			lower(destination.address) != entry
		}
	}
}
