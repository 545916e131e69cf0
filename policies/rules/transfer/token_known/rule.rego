# METADATA
# title: Known tokens
# description: |
#   What is transferred, or approved for others to take, is a token in `data.tokens`, by its contract on this very chain: a
#   contract may call itself what it likes. Of a confirmation, which has no bytes, it is what the message names.
# custom:
#   severity: high
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {TOKEN_KNOWN: deny}
#   optional: [evidence.effects, evidence.effects.*.asset]
package rules.transfer.token_known

import data.lib.effects
import data.lib.evidence
import data.lib.tokens

require["TOKEN_KNOWN"] if harmless

harmless if {
	input.kind == "transaction_signing"
	evidence.unseen
}

harmless if {
	input.kind == "withdrawal_confirmation"
	evidence.unseen
	every destination in input.transaction.destinations {
		data.tokens[destination.amount.token].chain == input.transaction.chain
	}
}

harmless if {
	effects.seen
	tokens.known
}

values["chain"] := input.transaction.chain

unknown := tokens.unknown | named

named contains destination.amount.token if {
	input.kind == "withdrawal_confirmation"
	some destination in input.transaction.destinations
	not data.tokens[destination.amount.token].chain == input.transaction.chain
}

values["unknown"] := unknown

message["TOKEN_KNOWN"] := $"no token of {chain} in data.tokens: {concat(", ", unknown)}; compare the contract with the issuer's before you add it" if {
	count(unknown) > 0
	chain := input.transaction.chain
}

message["TOKEN_KNOWN"] := "what the bytes do is not known, or no token or chain is named: nothing to look up in data.tokens" if {
	count(unknown) == 0
}
