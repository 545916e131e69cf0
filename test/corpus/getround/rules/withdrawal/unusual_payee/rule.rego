# METADATA
# title: Nobody is paid for the first time
# custom:
#   severity: high
#   requires: {NOT_FIRST: deny}
package rules.withdrawal.unusual_payee

facts["made"] := {"kind": "count", "by": ["transaction.destinations[].address"]}

require["NOT_FIRST"] if {
	every destination in input.transaction.destinations {
		not input.facts.unusual_payee.made[destination.address] == "0"
	}
}
