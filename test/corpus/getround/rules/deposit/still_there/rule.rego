# METADATA
# title: A deposit was not taken back
# custom:
#   severity: high
#   requires: {STILL_THERE: deny}
package rules.deposit.still_there

gone := {"failed", "reorganized"}

require["STILL_THERE"] if count({input.deposit.status} - gone) == 1
