# METADATA
# title: Cap per transaction
# description: |
#   What one transaction pays of a token, or lets others take, all of it together, stays within the cap of that token. A
#   token without a cap is refused.
# custom:
#   severity: high
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {AMOUNT_CAP: deny}
package rules.transfer.amount_cap

import data.lib.caps

require["AMOUNT_CAP"] if {
	caps.kept

	# The totals alone would hide a destination whose amount nobody knows.
	every destination in input.transaction.destinations {
		caps.within(destination.amount)
	}
}

values := caps.compared

message["AMOUNT_CAP"] := caps.words
