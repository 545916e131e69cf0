# METADATA
# title: No delegatecall
# description: |
#   Code of another contract runs in an account's own name only where it is a multisend in `data.contracts`, whose calls
#   are read and judged one by one. Any other could move all there is and replace whoever controls the account.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   mandatory: true
#   requires: {NO_DELEGATECALL: deny}
#   optional: [evidence.effects, evidence.text, evidence.typed_data, evidence.effects.*.to]
#   allow_empty: [contracts, contracts.*]
package rules.message.no_delegatecall

import data.lib.calls
import data.lib.effects
import data.lib.messages

require["NO_DELEGATECALL"] if harmless

harmless if messages.silent

harmless if {
	effects.seen
	calls.delegated
}

values["chain"] := input.transaction.chain

values["delegates"] := calls.strange

message["NO_DELEGATECALL"] := $"delegatecall to {concat(", ", calls.strange)}: its code takes over the account; do not sign, find out who made it" if {
	count(calls.strange) > 0
}

message["NO_DELEGATECALL"] := "what the message does is not known: no delegatecall to look for" if {
	count(calls.strange) == 0
}
