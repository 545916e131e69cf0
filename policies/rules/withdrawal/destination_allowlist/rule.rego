# METADATA
# title: Withdrawals to the allow-list
# description: |
#   Every address that a withdrawal is told to pay stands in the allow-list of its chain, with the memo of its entry: the same
#   that is asked before a signature, of what Cobo says was made of it. Whether anybody approved it is the host's to
#   say.
# custom:
#   severity: high
#   requires: {DESTINATION_ALLOWLIST: deny}
#   optional: [transaction.destinations.*.memo]
#   allow_empty: [allowlist, allowlist.*, allowlist.*.*]
package rules.withdrawal.destination_allowlist

import data.lib.listed

require["DESTINATION_ALLOWLIST"] if {
	every destination in input.transaction.destinations {
		listed.permitted(destination)
	}
}

unlisted contains listed.spelled(destination) if {
	some destination in input.transaction.destinations
	not listed.permitted(destination)
}

values["chain"] := input.transaction.chain

values["unlisted"] := unlisted

message["DESTINATION_ALLOWLIST"] := $"pays {concat(", ", unlisted)}, not in allowlist.{chain}: who asked for it? Freeze its wallet if nobody did" if {
	chain := input.transaction.chain
}
