# METADATA
# title: Nothing but the transfer
# description: |
#   A transaction that calls no contract by the request's own word transfers what it says and pays its fee. Whatever
#   else its bytes do was put there unseen.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   requires: {NO_CALLDATA_ON_TRANSFER: deny}
#   optional: [transaction.contract, evidence.effects]
package rules.transfer.no_calldata_on_transfer

import data.lib.effects
import data.lib.evidence

require["NO_CALLDATA_ON_TRANSFER"] if harmless

harmless if evidence.unseen

harmless if input.transaction.contract

harmless if effects.only(allowed)

allowed := {"transfer", "fee"}

besides contains effect.type if {
	some effect in input.evidence.effects
	not effect.type in allowed
}

values["type"] := input.transaction.type

values["besides"] := besides

message["NO_CALLDATA_ON_TRANSFER"] := $"a plain transfer whose bytes do more: {concat(", ", besides)}; do not sign, find out who made it" if {
	count(besides) > 0
}

message["NO_CALLDATA_ON_TRANSFER"] := "what the bytes do besides the transfer is not known" if count(besides) == 0
