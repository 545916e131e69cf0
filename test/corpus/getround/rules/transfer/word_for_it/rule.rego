# METADATA
# title: The payment is fine
# custom:
#   severity: high
#   requires: {FINE: deny}
package rules.transfer.word_for_it

import data.lib.amount

over if amount.int(input.transaction.total_usd_micros) > amount.int(data.wallet_caps[input.wallet.id])

word := "over" if over

word := "fine" if sum([1 | over]) == 0

require["FINE"] if word == "fine"
