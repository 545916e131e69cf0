# METADATA
# title: No message signing
# description: |
#   Refuses every message. A signed message can move as much as a transaction, so a team that needs some takes
#   this rule out and writes one that says which.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   requires: {MESSAGE_SIGNING: deny}
package rules.message.no_message_signing

allowed := false

require["MESSAGE_SIGNING"] if allowed

values["destination_type"] := input.transaction.destination_type

values["chain"] := input.transaction.chain

message["MESSAGE_SIGNING"] := "refused: to allow messages, replace rules/message/no_message_signing by a rule of your own that says which it approves"
