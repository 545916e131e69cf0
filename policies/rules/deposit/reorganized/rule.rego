# METADATA
# title: Still on its chain
# description: |
#   The block of the deposit is still part of the chain. One that left it after the message had said `success` may have been
#   booked; one that leaves before is noted.
# custom:
#   severity: high
#   requires: {REORGANIZED_AFTER_SUCCESS: deny, REORGANIZED: alert}
#   optional: [deposit.previously]
package rules.deposit.reorganized

require["REORGANIZED_AFTER_SUCCESS"] if stayed

stayed if on_chain

stayed if not input.deposit.previously

stayed if input.deposit.previously in {"pending", "confirming", "failed", "reverting", "reorganized"}

require["REORGANIZED"] if on_chain

on_chain if input.deposit.status in {"pending", "confirming", "success", "failed", "reverting"}

values["status"] := input.deposit.status

values["previously"] := input.deposit.previously

message["REORGANIZED_AFTER_SUCCESS"] := "its block left the chain after `success`: take back what was booked, and book it again only after the next `success`"

message["REORGANIZED"] := "its block left the chain before `success`: nothing to take back; it may come again in another block"
