# METADATA
# title: Withdrawals that fail
# description: A withdrawal that failed, or is about to, is noted. What it reserved stays counted until somebody releases it.
# custom:
#   severity: low
#   requires: {FAILED: alert}
package rules.withdrawal.succeeded

require["FAILED"] if input.deposit.status in {"pending", "confirming", "success", "reorganized"}

values["status"] := input.deposit.status

values["failed_reason"] := input.deposit.failed_reason

message["FAILED"] := $"{input.deposit.status}: {reason}; its amount counts in all limits until `countersign release` says otherwise" if {
	reason := object.get(input.deposit, "failed_reason", "no reason is stated")
}
