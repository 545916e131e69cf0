# METADATA
# title: Confirmed before it counts
# description: |
#   A deposit that is said to have succeeded has as many confirmations as its message asks for, and the message never asks for
#   fewer than the release.
# custom:
#   severity: high
#   requires: {CONFIRMATIONS_MISSING: deny, THRESHOLD_LOW: deny}
#   optional: [transaction.chain, deposit.confirmations, deposit.threshold]
#   allow_empty: [deposits.chains]
package rules.deposit.threshold

import data.lib.amount

require["CONFIRMATIONS_MISSING"] if confirmed

confirmed if unfinished

confirmed if {
	input.deposit.threshold > 0
	input.deposit.confirmations >= input.deposit.threshold
}

require["THRESHOLD_LOW"] if enough

enough if unfinished

enough if input.deposit.threshold >= least

# The message names a coin that nobody knows, and no chain: `token_known` says so.
enough if not input.transaction.chain

least := amount.int(data.deposits.chains[input.transaction.chain].confirmations)

unfinished if input.deposit.status in {"pending", "confirming", "failed", "reverting", "reorganized"}

values["confirmations"] := input.deposit.confirmations

values["threshold"] := input.deposit.threshold

values["least"] := data.deposits.chains[input.transaction.chain].confirmations

message["CONFIRMATIONS_MISSING"] := $"success with {had} of {asked} confirmations: ask Cobo, and wait for the chain" if {
	had := object.get(input.deposit, "confirmations", "an unknown number")
	asked := object.get(input.deposit, "threshold", "an unknown number of")
}

message["THRESHOLD_LOW"] := $"Cobo waits for {threshold} confirmations, deposits.chains.{chain} for {asked}: wait for the chain" if {
	asked := amount.text(least)
	threshold := object.get(input.deposit, "threshold", "an unknown number of")
	chain := input.transaction.chain
}

message["THRESHOLD_LOW"] := $"no least number of confirmations for {chain}: set deposits.chains.{chain}.confirmations, in quotes" if {
	chain := input.transaction.chain
	not least
}
