# METADATA
# title: There is no reason against the payment
# custom:
#   severity: high
#   requires: {NO_REASON: deny}
package rules.transfer.reason_list

import data.lib.amount

over if amount.int(input.transaction.total_usd_micros) > amount.int(data.wallet_caps[input.wallet.id])

reasons := concat(", ", ["over the cap" | over])

require["NO_REASON"] if reasons == ""
