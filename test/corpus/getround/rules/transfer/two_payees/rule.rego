# METADATA
# title: A payee and the change, and the payee is listed
# custom:
#   severity: high
#   requires: {TWO_PAYEES: deny}
package rules.transfer.two_payees

is_listed([payee, _]) if data.allowlist[input.transaction.chain][payee.address]

require["TWO_PAYEES"] if is_listed(input.transaction.destinations)
