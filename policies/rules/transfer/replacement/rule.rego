# METADATA
# title: Replacements
# description: |
#   A transaction that replaces another one takes its place, by the same nonce, and does the same: what a faster one, or
#   one that is sent again, moves is what the replaced one moved, and one that drops it moves nothing to anybody else.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   requires: {REPLACEMENT: deny}
#   optional:
#     - transaction.replaces
#     - transaction.nonce
#     - transaction.sources
#     - transaction.sources.*.address
#     - facts.replacement.movement
#     - evidence.effects
#     - evidence.effects.*.asset
#     - evidence.effects.*.to
#     - evidence.effects.*.amount
#     - evidence.effects.*.amount.units
package rules.transfer.replacement

import data.lib.effects
import data.lib.evidence
import data.lib.own_funds

facts["movement"] := {"kind": "movement"}

require["REPLACEMENT"] if sound

sound if not input.transaction.replaces

sound if {
	input.transaction.replaces.how in {"speed_up", "resend"}
	takes_its_place
	moving(paid) == moving(replaced)
}

sound if {
	input.transaction.replaces.how == "drop"
	takes_its_place
	harmless
	every row in paid {
		row[1] in own_funds.sources
		row[2] == "0"
	}
}

takes_its_place if {
	count(input.facts.replacement.movement) > 0
	every movement in input.facts.replacement.movement {
		movement.nonce == input.transaction.nonce
	}
}

harmless if evidence.unseen

harmless if effects.only({"transfer", "fee"})

# Token, recipient and units of each payment. None of them may be left out for lack of one of the three.
paid := rows if {
	effects.seen
	rows := [[effect.asset, effect.to, effect.amount.units] | some effect in granted]
	count(rows) == count(granted)
}

paid := rows if {
	evidence.unseen
	rows := [[destination.amount.token, destination.address, destination.amount.units] |
		some destination in input.transaction.destinations
	]
	count(rows) == count(input.transaction.destinations)
}

granted := array.concat(effects.transfers, effects.grants)

replaced := rows if {
	rows := [[movement.asset, movement.to, movement.amount.units] | some movement in input.facts.replacement.movement]
	count(rows) == count(input.facts.replacement.movement)
}

# A transaction that moves nothing stands in history all the same.
moving(rows) := sort([row | some row in rows; row[2] != "0"])

values["how"] := input.transaction.replaces.how

values["nonce"] := input.transaction.nonce

values["paid"] := paid

values["replaced"] := input.facts.replacement.movement

message["REPLACEMENT"] := $"{how} of {id}, but nonce, token, recipient or amount are others than approved: ask for it as a payment of its own" if {
	how := input.transaction.replaces.how
	id := object.get(input.transaction.replaces, "id", "a transaction")
	count(input.facts.replacement.movement) > 0
}

message["REPLACEMENT"] := "replaces a transaction that was never approved here, or has no nonce: nobody can tell what it replaces" if {
	not input.facts.replacement.movement
}
