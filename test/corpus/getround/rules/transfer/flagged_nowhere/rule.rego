# METADATA
# title: A payment carries no flag of its own
# custom:
#   severity: high
#   requires: {NO_FLAG: deny}
package rules.transfer.flagged_nowhere

import data.lib.amount

flags["over"] if amount.int(input.transaction.total_usd_micros) > amount.int(data.wallet_caps[input.wallet.id])

require["NO_FLAG"] if object.get(flags, "over", false) == false
