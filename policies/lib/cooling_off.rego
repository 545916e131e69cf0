# METADATA
# title: Cooling-off
# description: Since when those that the bytes pay, or let take something, stand in the lists, held against `data.limits.cooling_off`.
package lib.cooling_off

import data.lib.amount
import data.lib.duration
import data.lib.effects
import data.lib.own_funds

# METADATA
# description: |
#   Whoever gets a transfer or a refund has stood in the allow-list for a while, and whoever may take something among the
#   spenders.
passed if {
	every effect in effects.transfers {
		is_old(paid_since(effect.to))
	}
	every fee in effects.refunds {
		may_get(fee.to)
	}
	every effect in effects.grants {
		may_take(effect)
	}
}

may_get(address) if address in own_funds.sources

may_get(address) if is_old(paid_since(address))

may_take(effect) if is_old(takes_since(effect.to))

# Taking an approval back needs no entry.
may_take(effect) if effect.amount.units == "0"

# METADATA
# description: The cooling-off has passed since the time of an entry. Negative where the entry is dated ahead.
is_old(added_at) if input.now.ms - amount.int(added_at) >= duration.ms(data.limits.cooling_off)

# METADATA
# description: Since when an address may be paid; empty where nothing says so.
paid_since(address) := object.get(data.allowlist[input.transaction.chain][address], "added_at", "")

# METADATA
# description: Since when an address may take something; empty where nothing says so.
takes_since(address) := object.get(data.spenders[input.transaction.chain][address], "added_at", "")

# METADATA
# scope: document
# description: Those of the effects for whom it has not passed.
waiting contains effect.to if {
	some effect in effects.transfers
	not is_old(paid_since(effect.to))
}

waiting contains fee.to if {
	some fee in effects.refunds
	not may_get(fee.to)
}

waiting contains effect.to if {
	some effect in effects.grants
	not may_take(effect)
}

# METADATA
# description: Those of some addresses whose entry is dated.
dated(addresses) := paid | taking if {
	paid := {address |
		some address in addresses
		amount.int(paid_since(address)) >= 0
	}
	taking := {address |
		some address in addresses
		amount.int(takes_since(address)) >= 0
	}
}
