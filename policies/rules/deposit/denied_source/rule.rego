# METADATA
# title: No denied sender
# description: |
#   No address that a deposit came from is in `data.denied_sources`, on whichever chain it stands there: the same key
#   has the same address elsewhere.
# custom:
#   severity: high
#   requires: {DENIED_SOURCE: deny}
#   optional: [deposit.sources, transaction.sources, transaction.sources.*.address]
#   allow_empty: [denied_sources, denied_sources.*, denied_sources.*.*]
package rules.deposit.denied_source

import data.lib.deposits

require["DENIED_SOURCE"] if {
	every address in deposits.senders {
		every table in data.denied_sources {
			not table[address]
		}
	}
}

denied[address] := entry if {
	some address in deposits.senders
	some table in data.denied_sources
	entry := table[address]
}

values["denied"] := denied

message["DENIED_SOURCE"] := $"from {concat(", ", object.keys(denied))}, in denied_sources: do not book it before somebody who knows why has looked"
