# METADATA
# title: Sweeps between own wallets are approved
# custom:
#   severity: high
#   approves: [INTERNAL_SWEEP]
package rules.transfer.internal_sweep

approve["INTERNAL_SWEEP"] if {
	input.transaction.internal == true
	input.evidence.status == "verified"
}
