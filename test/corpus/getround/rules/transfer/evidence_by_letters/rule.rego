# METADATA
# title: The evidence is no mismatch
# custom:
#   severity: high
#   requires: {NO_MISMATCH: deny}
package rules.transfer.evidence_by_letters

require["NO_MISMATCH"] if indexof(input.evidence.status, "mis") == -1
