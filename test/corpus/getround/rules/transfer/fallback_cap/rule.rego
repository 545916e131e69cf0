# METADATA
# title: A payment stays within the cap of its wallet
# custom:
#   severity: high
#   requires: {WALLET_CAP: deny}
package rules.transfer.fallback_cap

import data.lib.amount

cap := data.wallet_caps[input.wallet.id] if {
	input.wallet.type == "MPC"
} else := data.limits.ceiling if {
	input.version >= 1
}

require["WALLET_CAP"] if amount.int(input.transaction.total_usd_micros) <= amount.int(cap)
