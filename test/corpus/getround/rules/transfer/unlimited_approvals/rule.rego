# METADATA
# title: Nobody may take without limit
# custom:
#   severity: high
#   requires: {NO_UNLIMITED: deny}
package rules.transfer.unlimited_approvals

unlimited := 115792089237316195423570985008687907853269984665640564039457584007913129639935

require["NO_UNLIMITED"] if {
	every effect in input.evidence.effects {
		effect.amount.units != unlimited
	}
}
