# METADATA
# title: A payment is not over the cap of its wallet
# custom:
#   severity: high
#   requires: {SUMMARY_CLEAN: deny}
package rules.transfer.summary_line

import data.lib.amount

over if amount.int(input.transaction.total_usd_micros) > amount.int(data.wallet_caps[input.wallet.id])

summary := $"over: {over}"

require["SUMMARY_CLEAN"] if summary != "over: true"
