# METADATA
# title: Destinations on the allow-list
# description: |
#   Every address that is paid stands in the allow-list of the transaction's chain: by the request, and by the bytes
#   where they were read. It is paid with the memo of its entry, or with none where the entry has none: behind one address
#   of an exchange the memo says whose money it is. An empty list refuses everything.
# custom:
#   severity: critical
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {DESTINATION_ALLOWLIST: deny}
#   optional:
#     - transaction.destinations.*.memo
#     - transaction.contract
#     - transaction.sources
#     - transaction.sources.*.address
#     - evidence.effects
#     - evidence.effects.*.to
#   allow_empty: [allowlist, allowlist.*, allowlist.*.*]
package rules.transfer.destination_allowlist

import data.lib.effects
import data.lib.evidence
import data.lib.listed
import data.lib.recipients

require["DESTINATION_ALLOWLIST"] if {
	every destination in input.transaction.destinations {
		permitted(destination)
	}
	recipients_listed
}

permitted(destination) if listed.permitted(destination)

# A contract is called, not paid: what the call pays is among its effects.
permitted(destination) if {
	effects.seen
	destination.address == input.transaction.contract.address
}

recipients_listed if evidence.unseen

recipients_listed if {
	effects.seen
	recipients.listed
}

declared contains listed.spelled(destination) if {
	input.transaction.chain
	some destination in input.transaction.destinations
	not permitted(destination)
}

# By the bytes alone: what the request says, too, is said once.
hidden contains address if {
	some address in recipients.unlisted
	not address in stated
}

stated contains destination.address if some destination in input.transaction.destinations

unlisted := sort(declared | hidden)

values["chain"] := input.transaction.chain

values["unlisted"] := unlisted

message["DESTINATION_ALLOWLIST"] := "data.allowlist is empty: list destinations under allowlist.<CHAIN>.<address>" if {
	data.allowlist == {}
}

message["DESTINATION_ALLOWLIST"] := $"not listed: {concat(", ", unlisted)}; if it is right to pay there, add it to allowlist.{input.transaction.chain}" if {
	data.allowlist != {}
	count(unlisted) > 0
}

message["DESTINATION_ALLOWLIST"] := "the request has no address or no chain for a destination: nothing to look up in data.allowlist" if {
	data.allowlist != {}
	count(unlisted) == 0
}
