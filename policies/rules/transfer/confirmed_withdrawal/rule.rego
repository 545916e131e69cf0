# METADATA
# title: Confirmed withdrawals
# description: |
#   Approves the confirmation of a withdrawal that Cobo asks for by a push message, before it goes on with it. There are no
#   bytes yet: what will be paid is what the message says, in exact amounts to addresses. It approves only what every
#   requirement on confirmations lets pass, and no signature: that is asked for by itself.
# custom:
#   severity: high
#   kinds: [withdrawal_confirmation]
#   approves: [CONFIRMED_WITHDRAWAL]
#   optional: [transaction.contract]
package rules.transfer.confirmed_withdrawal

import data.lib.amount

approve["CONFIRMED_WITHDRAWAL"] if {
	input.kind == "withdrawal_confirmation"
	input.transaction.type == "Withdrawal"
	not input.transaction.contract
	input.evidence.status == "absent"
	is_string(input.transaction.business_id)
	every destination in input.transaction.destinations {
		is_string(destination.address)
		amount.int(destination.amount.units) >= 0
	}
}
