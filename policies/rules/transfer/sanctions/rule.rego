# METADATA
# title: No sanctioned address
# description: |
#   No address of the transaction is on the list `sanctions`: none that it pays, none that it takes from, not the contract
#   that it calls, and none that its bytes pay, call, or let take something. While the list is not loaded, nothing passes.
# custom:
#   severity: critical
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {SANCTIONS: deny}
#   optional:
#     - transaction.sources
#     - transaction.sources.*.address
#     - transaction.contract
#     - evidence.effects
#     - evidence.effects.*.to
#     - evidence.effects.*.from
#     - evidence.effects.*.asset
#     - evidence.effects.*.arguments
package rules.transfer.sanctions

import data.lib.effects
import data.lib.evidence
import data.lib.sanctions

require["SANCTIONS"] if {
	every destination in input.transaction.destinations {
		is_string(destination.address)
	}
	looked_at
	sanctions.clear(addresses)
}

looked_at if evidence.unseen

looked_at if effects.seen

addresses contains destination.address if some destination in input.transaction.destinations

addresses contains source.address if some source in input.transaction.sources

addresses contains input.transaction.contract.address

addresses contains address if some address in sanctions.touched

values["listed"] := sanctions.listed(addresses)

message["SANCTIONS"] := sanctions.words(addresses)
