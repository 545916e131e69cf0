# METADATA
# title: Listed calls
# description: |
#   Each call that is no transfer and no approval is of a method that is listed for its contract, in
#   `data.contract_methods` by chain, contract and selector.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   requires: {CONTRACT_METHODS: deny}
#   optional: [evidence.effects, evidence.effects.*.to, evidence.effects.*.selector]
#   allow_empty: [contract_methods, contract_methods.*, contract_methods.*.*, contract_methods.*.*.*]
package rules.transfer.contract_methods

import data.lib.calls
import data.lib.effects
import data.lib.evidence

require["CONTRACT_METHODS"] if harmless

harmless if evidence.unseen

harmless if {
	effects.seen
	calls.listed
}

values["chain"] := input.transaction.chain

values["unlisted"] := calls.unlisted

message["CONTRACT_METHODS"] := $"calls {concat(", ", calls.unlisted)}: not in contract_methods.{chain}; read what the method does before you add it" if {
	count(calls.unlisted) > 0
	chain := input.transaction.chain
}

message["CONTRACT_METHODS"] := "what the bytes do is not known: no call to look up in data.contract_methods" if {
	count(calls.unlisted) == 0
}
