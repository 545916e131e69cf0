# METADATA
# title: Withdrawals go to those who were paid before
# custom:
#   severity: high
#   requires: {REGULAR_PAYEE: deny}
package rules.withdrawal.regular_payee

facts["paid"] := {"kind": "sum", "of": "usd_micros", "by": ["transaction.destinations[].address"]}

strangers contains destination.address if {
	some destination in input.transaction.destinations
	input.facts.regular_payee.paid[destination.address] == "0"
}

require["REGULAR_PAYEE"] if count(strangers) == 0
