# METADATA
# title: Nothing is wrong with the evidence
# custom:
#   severity: high
#   requires: {NO_PROBLEMS: deny}
package rules.message.evidence_problems

problems contains "the bytes say something else" if input.evidence.status == "mismatch"

problems contains "another key" if input.evidence.key == "mismatch"

require["NO_PROBLEMS"] if count(problems) == 0
