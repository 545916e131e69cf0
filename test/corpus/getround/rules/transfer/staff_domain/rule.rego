# METADATA
# title: Only addresses of the company ask for payments
# custom:
#   severity: high
#   requires: {STAFF_DOMAIN: deny}
package rules.transfer.staff_domain

require["STAFF_DOMAIN"] if regex.match(`^[a-z]+@corp.example$`, input.initiator.id)
