# METADATA
# title: Signed messages are seen
# description: |
#   The message was read, and its digest is the hash to be signed. A message that nobody can read is never signed:
#   `approve_unverified` is for transactions alone.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   mandatory: true
#   requires: {EVIDENCE_VERIFIED: deny}
package rules.message.evidence

import data.lib.evidence

require["EVIDENCE_VERIFIED"] if input.evidence.status == "verified"

values["status"] := input.evidence.status

values["differences"] := input.evidence.differences

values["problem"] := input.evidence.problem

values["destination_type"] := input.transaction.destination_type

message["EVIDENCE_VERIFIED"] := "what would be signed is not the message that the request shows: do not sign, find out who made it" if {
	input.evidence.status == "mismatch"
}

message["EVIDENCE_VERIFIED"] := $"the message is {status}, not verified{why}: a hash that nobody can read may be of anything" if {
	status := input.evidence.status
	status in {"absent", "undecodable", "unsupported"}
	why := evidence.why
}
