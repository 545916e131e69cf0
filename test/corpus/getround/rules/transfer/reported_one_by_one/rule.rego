# METADATA
# title: Nobody is paid whom the explorer reports
# custom:
#   severity: high
#   requires: {NOBODY_REPORTED: deny}
package rules.transfer.reported_one_by_one

require["NOBODY_REPORTED"] if {
	every destination in input.transaction.destinations {
		every address, _ in data.reported {
			address != destination.address
		}
	}
}
