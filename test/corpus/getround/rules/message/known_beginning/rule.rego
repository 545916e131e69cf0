# METADATA
# title: Texts begin as one of the known ones
# custom:
#   severity: high
#   requires: {TEXT_BEGINS: deny}
package rules.message.known_beginning

begins if {
	some beginning in data.beginnings
	startswith(input.evidence.text, beginning)
}

require["TEXT_BEGINS"] if begins
