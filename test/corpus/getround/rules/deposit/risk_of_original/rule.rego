# METADATA
# title: The risk that the sender of the push states is low
# custom:
#   severity: high
#   requires: {RISK_STATED: deny}
package rules.deposit.risk_of_original

require["RISK_STATED"] if input.raw.risk.score < 70
