# METADATA
# title: Listed texts
# description: |
#   A text is signed only as it stands in `data.message_texts`, or if it begins as one of `data.message_prefixes` says.
#   One that is as long as a hash, or is spelled as one, is never signed.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   mandatory: true
#   requires: {MESSAGE_TEXTS: deny}
#   optional: [evidence.effects, evidence.text, evidence.typed_data]
#   allow_empty: [message_texts, message_texts.*, message_prefixes, message_prefixes.*]
package rules.message.message_texts

import data.lib.evidence
import data.lib.messages

require["MESSAGE_TEXTS"] if listed

# Unread messages are judged by evidence, typed data by typed_data_domains.
listed if evidence.unseen

listed if input.evidence.typed_data

listed if messages.text_listed

values["text"] := input.evidence.text

message["MESSAGE_TEXTS"] := $"not in data.message_texts: {beginning}; a text may log in, agree or order, read it as a whole" if {
	beginning := json.marshal(substring(input.evidence.text, 0, 60))
}

message["MESSAGE_TEXTS"] := "the message is no readable text, and no typed data: nobody can say what it means" if {
	not input.evidence.text
}
