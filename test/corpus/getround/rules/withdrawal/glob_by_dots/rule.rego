# METADATA
# title: No withdrawal to an account of a broker
# custom:
#   severity: high
#   requires: {NO_BROKER: deny}
package rules.withdrawal.glob_by_dots

require["NO_BROKER"] if {
	every destination in input.transaction.destinations {
		not glob.match("broker-*", ["."], destination.memo)
	}
}
