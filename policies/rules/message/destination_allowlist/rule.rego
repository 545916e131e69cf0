# METADATA
# title: Recipients on the allow-list
# description: |
#   Whoever gets something by the message, at once or by a transaction that it lets others make, stands in the allow-list
#   of the chain.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   requires: {DESTINATION_ALLOWLIST: deny}
#   optional:
#     - evidence.effects
#     - evidence.text
#     - evidence.typed_data
#     - evidence.effects.*.to
#     - transaction.sources
#     - transaction.sources.*.address
#   allow_empty: [allowlist, allowlist.*, allowlist.*.*]
package rules.message.destination_allowlist

import data.lib.effects
import data.lib.messages
import data.lib.recipients

require["DESTINATION_ALLOWLIST"] if harmless

harmless if messages.silent

harmless if {
	effects.seen
	recipients.listed
}

values["chain"] := input.transaction.chain

values["unlisted"] := recipients.unlisted

message["DESTINATION_ALLOWLIST"] := $"not listed: {concat(", ", recipients.unlisted)}; if it is right to pay there, add it to allowlist.{chain}" if {
	count(recipients.unlisted) > 0
	chain := input.transaction.chain
}

message["DESTINATION_ALLOWLIST"] := "what the message does is not known: no recipient to look up in data.allowlist" if {
	count(recipients.unlisted) == 0
}
