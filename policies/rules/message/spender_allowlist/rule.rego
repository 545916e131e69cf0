# METADATA
# title: Spenders on the list
# description: |
#   Whoever may take something from an account once this is signed, by an approval, a permit or as an operator, stands in
#   `data.spenders` of the chain. To take an approval back needs no entry.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   requires: {SPENDER_ALLOWLIST: deny}
#   optional:
#     - evidence.effects
#     - evidence.text
#     - evidence.typed_data
#     - evidence.effects.*.to
#     - evidence.effects.*.amount
#     - evidence.effects.*.amount.units
#   allow_empty: [spenders, spenders.*, spenders.*.*]
package rules.message.spender_allowlist

import data.lib.effects
import data.lib.messages
import data.lib.spenders

require["SPENDER_ALLOWLIST"] if harmless

harmless if messages.silent

harmless if {
	effects.seen
	spenders.listed
}

values["chain"] := input.transaction.chain

values["unlisted"] := spenders.unlisted

message["SPENDER_ALLOWLIST"] := $"may take afterwards, and not listed: {concat(", ", spenders.unlisted)}; only who is known belongs in spenders.{chain}" if {
	count(spenders.unlisted) > 0
	chain := input.transaction.chain
}

message["SPENDER_ALLOWLIST"] := "what the message does is not known: no spender to look up in data.spenders" if {
	count(spenders.unlisted) == 0
}
