# METADATA
# title: No flagged recipient
# description: |
#   Nobody gets something by a message, or may take it afterwards, who was never paid before and has sent us something that was
#   flagged: of a high or critical severity, as dust, or as a look-alike. Nor does whoever got a withdrawal that nobody
#   approved.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {FLAGGED_RECIPIENT: deny}
#   optional:
#     - evidence.effects
#     - evidence.text
#     - evidence.typed_data
#     - evidence.effects.*.to
#     - facts.flagged_recipient.flags
#     - facts.flagged_recipient.paid
package rules.message.flagged_recipient

import data.lib.amount
import data.lib.effects
import data.lib.flags
import data.lib.messages

facts["flags"] := {"kind": "flags", "by": ["transaction.destinations[].address"]}

facts["paid"] := {"kind": "count", "by": ["transaction.destinations[].address"]}

require["FLAGGED_RECIPIENT"] if harmless

harmless if messages.moves_nothing

harmless if {
	effects.seen
	every effect in array.concat(effects.transfers, effects.grants) {
		payable(effect.to)
	}
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

message["FLAGGED_RECIPIENT"] := "not known which flags are about a recipient: does every effect say whom it pays?" if count(found) == 0
