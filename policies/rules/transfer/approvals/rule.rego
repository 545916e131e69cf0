# METADATA
# title: Limited approvals
# description: |
#   What others may take once this is signed has a bound: the exact amount of an approval or permit is within
#   `limits.per_approval` of its token, none is without end, and an operator is one in `data.operators`. To take an
#   approval back is always possible.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   requires: {APPROVALS: deny}
#   optional: [evidence.effects, evidence.effects.*.to, evidence.effects.*.amount, evidence.effects.*.amount.units]
#   allow_empty: [limits.per_approval, operators, operators.*, operators.*.*]
package rules.transfer.approvals

import data.lib.approvals
import data.lib.effects
import data.lib.evidence

require["APPROVALS"] if harmless

harmless if evidence.unseen

harmless if {
	effects.seen
	approvals.limited
}

values["excessive"] := approvals.excessive

values["limits"] := data.limits.per_approval

message["APPROVALS"] := $"{concat("; ", approvals.excessive)}: approve what is needed now, within limits.per_approval" if {
	count(approvals.excessive) > 0
}

message["APPROVALS"] := "what the bytes do is not known: no approval to hold against limits.per_approval" if {
	count(approvals.excessive) == 0
}
