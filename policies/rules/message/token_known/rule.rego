# METADATA
# title: Known tokens
# description: |
#   What is transferred, or approved for others to take, is a token in `data.tokens`, by its contract on this very chain: a
#   contract may call itself what it likes.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {TOKEN_KNOWN: deny}
#   optional: [evidence.effects, evidence.text, evidence.typed_data, evidence.effects.*.asset]
package rules.message.token_known

import data.lib.effects
import data.lib.messages
import data.lib.tokens

require["TOKEN_KNOWN"] if harmless

harmless if messages.silent

harmless if {
	effects.seen
	tokens.known
}

values["chain"] := input.transaction.chain

values["unknown"] := tokens.unknown

message["TOKEN_KNOWN"] := $"no token of {chain} in data.tokens: {concat(", ", tokens.unknown)}; compare the contract with the issuer's before you add it" if {
	count(tokens.unknown) > 0
	chain := input.transaction.chain
}

message["TOKEN_KNOWN"] := "what the message does is not known: no token to look up in data.tokens" if {
	count(tokens.unknown) == 0
}
