# METADATA
# title: Listed texts
# description: |
#   Approves a text that was read and is listed in `data.message_texts`, or begins as one of `data.message_prefixes` says.
#   It approves only what every requirement of the group lets pass.
# custom:
#   severity: high
#   kinds: [message_signing]
#   approves: [LISTED_TEXT]
#   optional: [signing.algorithm, evidence.effects, evidence.typed_data]
#   allow_empty: [message_texts, message_texts.*, message_prefixes, message_prefixes.*]
package rules.message.listed_text

import data.lib.keys
import data.lib.messages

approve["LISTED_TEXT"] if {
	input.evidence.status == "verified"
	messages.text_listed
	keys.acceptable
}
