# METADATA
# title: Texts begin as the table says
# custom:
#   severity: high
#   requires: {TABLE_BEGINS: deny}
package rules.message.beginning_table

begins if {
	some beginning, _ in data.beginning_table
	startswith(input.evidence.text, beginning)
}

require["TABLE_BEGINS"] if begins
