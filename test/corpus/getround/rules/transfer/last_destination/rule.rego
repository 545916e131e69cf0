# METADATA
# title: Change goes back to the allow-list
# custom:
#   severity: high
#   requires: {CHANGE_LISTED: deny}
package rules.transfer.last_destination

change := input.transaction.destinations[count(input.transaction.destinations) - 1]

require["CHANGE_LISTED"] if data.allowlist[input.transaction.chain][change.address]
