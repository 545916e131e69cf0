# METADATA
# title: Recipients
# description: Who gets what the bytes transfer or pay back, held against `data.allowlist`.
package lib.recipients

import data.lib.effects
import data.lib.own_funds

# METADATA
# description: |
#   Every transfer goes to an address in the allow-list of the chain, and every refund to one, or back to an address that
#   the transaction takes from.
listed if {
	every effect in effects.transfers {
		data.allowlist[input.transaction.chain][effect.to]
	}
	every fee in effects.refunds {
		refunded(fee.to)
	}
}

refunded(address) if address in own_funds.sources

refunded(address) if data.allowlist[input.transaction.chain][address]

# METADATA
# scope: document
# description: The addresses that are not in it.
unlisted contains effect.to if {
	some effect in effects.transfers
	not data.allowlist[input.transaction.chain][effect.to]
}

unlisted contains fee.to if {
	some fee in effects.refunds
	not refunded(fee.to)
}
