# METADATA
# title: The payees are known
# custom:
#   severity: high
#   requires: {KNOWN_PAYEES: deny}
package rules.transfer.known_recipient

payees contains destination.address if some destination in input.transaction.destinations

require["KNOWN_PAYEES"] if count(payees & object.keys(data.allowlist[input.transaction.chain])) > 0
