# METADATA
# title: Listed typed data
# description: |
#   Typed data is for a contract on the request's own chain, and of a type, that stand in `data.typed_data`. A domain
#   that does not say for which chain and contract it is cannot be listed.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   mandatory: true
#   requires: {TYPED_DATA_DOMAINS: deny}
#   optional: [evidence.effects, evidence.text, evidence.typed_data]
#   allow_empty: [typed_data, typed_data.*, typed_data.*.*, typed_data.*.*.*]
package rules.message.typed_data_domains

import data.lib.messages

require["TYPED_DATA_DOMAINS"] if listed

# Texts are judged by message_texts, unread messages by evidence.
listed if messages.silent

listed if messages.entry

values["domain"] := input.evidence.typed_data

values["chain"] := input.transaction.chain

message["TYPED_DATA_DOMAINS"] := $"{typed.primary_type} for {contract} on chain {chain}: not in data.typed_data, or not the chain of the request" if {
	typed := input.evidence.typed_data
	contract := object.get(typed, "verifying_contract", "no contract")
	chain := object.get(typed, "chain_id", "that is not said")
}

message["TYPED_DATA_DOMAINS"] := "neither typed data nor text: nothing to look up in data.typed_data" if {
	not input.evidence.typed_data
}
