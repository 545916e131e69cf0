# METADATA
# title: No sanctioned address
# description: |
#   No address of the message is on the list `sanctions`: none that it signs for, and none that it pays, calls, or lets
#   take something. While the list is not loaded, nothing passes.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   requires: {SANCTIONS: deny}
#   optional:
#     - transaction.sources
#     - transaction.sources.*.address
#     - evidence.effects
#     - evidence.text
#     - evidence.typed_data
#     - evidence.effects.*.to
#     - evidence.effects.*.from
#     - evidence.effects.*.asset
#     - evidence.effects.*.arguments
package rules.message.sanctions

import data.lib.effects
import data.lib.messages
import data.lib.sanctions

require["SANCTIONS"] if {
	looked_at
	sanctions.clear(addresses)
}

looked_at if messages.silent

looked_at if effects.seen

addresses contains source.address if some source in input.transaction.sources

addresses contains address if some address in sanctions.touched

values["listed"] := sanctions.listed(addresses)

message["SANCTIONS"] := sanctions.words(addresses)
