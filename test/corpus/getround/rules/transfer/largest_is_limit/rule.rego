# METADATA
# title: A payment is no larger than the limit
# custom:
#   severity: high
#   requires: {WITHIN_LIMIT: deny}
package rules.transfer.largest_is_limit

require["WITHIN_LIMIT"] if max({input.transaction.total_usd_micros, data.limits.payment}) == data.limits.payment
