# METADATA
# title: Only staff asks for payments
# custom:
#   severity: high
#   requires: {STAFF: deny}
package rules.transfer.staff_suffix

require["STAFF"] if endswith(input.initiator.id, "corp.example")
