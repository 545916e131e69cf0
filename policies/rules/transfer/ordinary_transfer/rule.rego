# METADATA
# title: Ordinary transfers
# description: |
#   Approves a withdrawal that pays exact amounts to addresses and calls no contract. It approves only what
#   every requirement of the group lets pass.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   approves: [ORDINARY_TRANSFER]
#   optional: [transaction.contract, evidence.effects, evidence.family]
package rules.transfer.ordinary_transfer

import data.lib.amount
import data.lib.evidence

approve["ORDINARY_TRANSFER"] if {
	input.transaction.type == "Withdrawal"
	not input.transaction.contract
	every destination in input.transaction.destinations {
		is_string(destination.address)
		amount.int(destination.amount.units) >= 0
	}
	evidence.acceptable
}
