# METADATA
# title: No flagged recipient
# description: |
#   Nobody is paid, by the request or by its bytes, who was never paid before and has sent us something that was flagged: of a
#   high or critical severity, as dust, or as a look-alike. Nor is whoever got a withdrawal that nobody approved.
# custom:
#   severity: high
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {FLAGGED_RECIPIENT: deny}
package rules.transfer.flagged_recipient

import data.lib.amount
import data.lib.flags

facts["flags"] := {"kind": "flags", "by": ["transaction.destinations[].address"]}

# All of history, of all wallets.
facts["paid"] := {"kind": "count", "by": ["transaction.destinations[].address"]}

require["FLAGGED_RECIPIENT"] if {
	every destination in input.transaction.destinations {
		payable(destination.address)
	}

	# Where the bytes are read, also those that they pay.
	every address, _ in input.facts.flagged_recipient.flags {
		payable(address)
	}
}

payable(address) if amount.int(input.facts.flagged_recipient.paid[address]) > 0

payable(address) if flags.payable(input.facts.flagged_recipient.flags[address])

found := [flag |
	some flag in flags.unpayable(input.facts.flagged_recipient.flags)
	not payable(flag.address)
]

values["flags"] := array.slice(found, 0, 16)

message["FLAGGED_RECIPIENT"] := $"never paid before, and flag {flags.words(found)}: compare the whole address; if it is right, {flags.advice(found)}" if {
	count(found) > 0
}

message["FLAGGED_RECIPIENT"] := "not known which flags are about a destination: has every destination an address?" if count(found) == 0
