# METADATA
# title: A deposit is confirmed
# custom:
#   severity: high
#   requires: {CONFIRMED: deny}
package rules.deposit.confirmed_enough

require["CONFIRMED"] if input.deposit.confirmations >= input.deposit.threshold
