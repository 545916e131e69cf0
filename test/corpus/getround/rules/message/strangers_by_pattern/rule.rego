# METADATA
# title: Only staff asks for signatures
# custom:
#   severity: high
#   requires: {STAFF_SIGNS: deny}
package rules.message.strangers_by_pattern

strangers contains input.initiator.id if not regex.match(`[a-z]+@corp\.example`, input.initiator.id)

require["STAFF_SIGNS"] if count(strangers) == 0
