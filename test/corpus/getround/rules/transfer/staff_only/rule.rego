# METADATA
# title: Only staff and the operations bots ask for payments
# custom:
#   severity: high
#   requires: {STAFF_ONLY: deny}
package rules.transfer.staff_only

require["STAFF_ONLY"] if regex.match(`^ops-[a-z]+|[a-z]+@corp\.example$`, input.initiator.id)
