# METADATA
# title: Listed calls
# description: |
#   Each call that is no transfer and no approval is of a method that is listed for its contract, in
#   `data.contract_methods` by chain, contract and selector. Whoever is named to it, as far as its arguments were read, is
#   a source, an account, an address of some list, a listed contract or a known token.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   requires: {CONTRACT_METHODS: deny}
#   optional:
#     - evidence.effects
#     - evidence.text
#     - evidence.typed_data
#     - evidence.effects.*.to
#     - evidence.effects.*.selector
#     - evidence.effects.*.arguments
#     - transaction.sources
#     - transaction.sources.*.address
#   allow_empty:
#     - contract_methods
#     - contract_methods.*
#     - contract_methods.*.*
#     - contract_methods.*.*.*
#     - accounts
#     - accounts.*
#     - accounts.*.*
#     - allowlist
#     - allowlist.*
#     - allowlist.*.*
#     - spenders
#     - spenders.*
#     - spenders.*.*
package rules.message.contract_methods

import data.lib.calls
import data.lib.effects
import data.lib.messages

require["CONTRACT_METHODS"] if harmless

harmless if messages.silent

harmless if {
	effects.seen
	calls.listed
}

values["chain"] := input.transaction.chain

values["unlisted"] := calls.unlisted

values["strangers"] := calls.strangers

message["CONTRACT_METHODS"] := $"calls {concat(", ", calls.unlisted)}: not in contract_methods.{chain}; read what the method does before you add it" if {
	count(calls.unlisted) > 0
	chain := input.transaction.chain
}

message["CONTRACT_METHODS"] := $"a call is given {concat(", ", calls.strangers)}: in no table of {chain}; whose is it, and what does it get?" if {
	count(calls.unlisted) == 0
	count(calls.strangers) > 0
	chain := input.transaction.chain
}

message["CONTRACT_METHODS"] := "what the message does is not known: no call to look up in data.contract_methods" if {
	count(calls.unlisted) == 0
	count(calls.strangers) == 0
}
