# METADATA
# title: Signed bytes are seen
# description: |
#   The bytes to be signed were decoded and say what the request says, or nobody decodes this chain and the release
#   allows to sign unseen by `approve_unverified: true`.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   mandatory: true
#   requires: {EVIDENCE_VERIFIED: deny}
#   optional: [evidence.effects, evidence.family]
package rules.transfer.evidence

import data.lib.evidence

require["EVIDENCE_VERIFIED"] if evidence.acceptable

values["status"] := input.evidence.status

values["differences"] := input.evidence.differences

values["problem"] := input.evidence.problem

values["approve_unverified"] := data.approve_unverified

message["EVIDENCE_VERIFIED"] := "the bytes to sign contradict the request: do not sign, find out who made it" if {
	input.evidence.status == "mismatch"
}

message["EVIDENCE_VERIFIED"] := $"the bytes to sign are {status}, not verified{why}; approve_unverified: true is for chains that nobody decodes" if {
	status := input.evidence.status
	status in {"absent", "undecodable", "unsupported"}
	why := evidence.why
}
