# METADATA
# title: No deposit of a denied sender
# custom:
#   severity: high
#   requires: {SENDER_ALLOWED: deny}
package rules.deposit.sender_listed

denied contains source.address if {
	some source in input.deposit.sources
	data.denied[input.transaction.chain][source.address]
}

require["SENDER_ALLOWED"] if denied == set()
