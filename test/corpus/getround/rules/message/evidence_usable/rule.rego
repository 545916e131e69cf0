# METADATA
# title: Nothing is signed on bad evidence
# custom:
#   severity: high
#   requires: {EVIDENCE_USABLE: deny}
package rules.message.evidence_usable

unusable := {"mismatch": true, "absent": true}

require["EVIDENCE_USABLE"] if not unusable[input.evidence.status]
