# METADATA
# title: Listed typed data
# description: |
#   Approves typed data that was read and stands in `data.typed_data`. It approves only what every requirement of the
#   group lets pass.
# custom:
#   severity: high
#   kinds: [message_signing]
#   approves: [LISTED_TYPED_DATA]
#   optional: [signing.algorithm]
#   allow_empty: [typed_data, typed_data.*, typed_data.*.*, typed_data.*.*.*]
package rules.message.listed_typed_data

import data.lib.effects
import data.lib.keys
import data.lib.messages

approve["LISTED_TYPED_DATA"] if {
	input.evidence.status == "verified"
	messages.entry
	effects.seen
	keys.acceptable
}
