# METADATA
# title: No flagged funds
# description: |
#   No address that is spent from got a deposit with an open flag of a high or critical severity. A flag is about its
#   deposit: dust never holds an address, and a pooled wallet is held only by what is worth much.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   requires: {FLAGGED_FUNDS: deny}
#   optional: [wallet, facts.flagged_funds.flags.*.open.*.amount, facts.flagged_funds.flags.*.open.*.amount.usd_micros]
#   allow_empty: [wallets, wallets.*]
package rules.transfer.flagged_funds

import data.lib.flags

facts["flags"] := {"kind": "flags", "by": ["transaction.sources[].address"]}

require["FLAGGED_FUNDS"] if {
	every source in input.transaction.sources {
		flags.spendable(input.facts.flagged_funds.flags[source.address])
	}

	# Where the bytes are read, also the accounts that they take from.
	every answer in input.facts.flagged_funds.flags {
		flags.spendable(answer)
	}
}

found := [flag | some flag in flags.unspendable(input.facts.flagged_funds.flags)]

values["flags"] := array.slice(found, 0, 16)

message["FLAGGED_FUNDS"] := $"spends what flag {flags.words(found)} holds: look into it, then {flags.advice(found)}" if count(found) > 0

message["FLAGGED_FUNDS"] := "not known which flags are about a source: has every source an address?" if count(found) == 0
