# METADATA
# title: One payee, who is listed, and the change
# custom:
#   severity: high
#   requires: {PAYEE_LISTED: deny}
package rules.transfer.first_of_two

require["PAYEE_LISTED"] if {
	[payee, _] = input.transaction.destinations
	data.allowlist[input.transaction.chain][payee.address]
}
