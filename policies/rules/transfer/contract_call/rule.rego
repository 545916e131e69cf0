# METADATA
# title: Contract calls
# description: |
#   Approves a contract call whose bytes were decoded and say what the request says. It approves only what every
#   requirement of the group lets pass: listed methods, listed recipients and spenders, known tokens, amounts within
#   their limits.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   approves: [CONTRACT_CALL]
#   optional: [signing.algorithm]
package rules.transfer.contract_call

import data.lib.effects
import data.lib.keys

approve["CONTRACT_CALL"] if {
	input.transaction.type == "ContractCall"
	is_string(input.transaction.contract.address)
	input.evidence.status == "verified"
	effects.seen
	keys.acceptable
}
