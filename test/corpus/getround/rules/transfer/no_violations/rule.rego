# METADATA
# title: Nothing speaks against the payment
# custom:
#   severity: high
#   requires: {NO_VIOLATIONS: deny}
package rules.transfer.no_violations

import data.lib.amount

over if amount.int(input.transaction.total_usd_micros) > amount.int(data.wallet_caps[input.wallet.id])

violations contains "over the cap of the wallet" if over

violations contains "at night" if input.now.hour < 6

require["NO_VIOLATIONS"] if count(violations) == 0
