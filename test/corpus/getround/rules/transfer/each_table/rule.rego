# METADATA
# title: Payees stand in both tables
# custom:
#   severity: high
#   requires: {IN_BOTH_TABLES: deny}
package rules.transfer.each_table

require["IN_BOTH_TABLES"] if {
	every table in {"checked", "contracted"} {
		some destination in input.transaction.destinations
		data.payees[table][destination.address]
	}
}
