# METADATA
# title: No flagged funds
# description: |
#   A message that moves something, or lets others take it, spends from no address that got a deposit with an open flag of a
#   high or critical severity. A flag is about its deposit: dust never holds an address, and a pooled wallet is held only by
#   what is worth much.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {FLAGGED_FUNDS: deny}
#   optional:
#     - wallet
#     - evidence.effects
#     - evidence.text
#     - evidence.typed_data
#     - facts.flagged_funds.flags.*.open.*.amount
#     - facts.flagged_funds.flags.*.open.*.amount.usd_micros
#   allow_empty: [wallets, wallets.*]
package rules.message.flagged_funds

import data.lib.flags
import data.lib.messages

facts["flags"] := {"kind": "flags", "by": ["transaction.sources[].address"]}

require["FLAGGED_FUNDS"] if harmless

harmless if messages.moves_nothing

harmless if {
	every source in input.transaction.sources {
		flags.spendable(input.facts.flagged_funds.flags[source.address])
	}

	# The accounts that it signs for, too.
	every answer in input.facts.flagged_funds.flags {
		flags.spendable(answer)
	}
}

found := [flag | some flag in flags.unspendable(input.facts.flagged_funds.flags)]

values["flags"] := array.slice(found, 0, 16)

message["FLAGGED_FUNDS"] := $"spends what flag {flags.words(found)} holds: look into it, then {flags.advice(found)}" if count(found) > 0

message["FLAGGED_FUNDS"] := "not known which flags are about the account: does the message name one?" if count(found) == 0
