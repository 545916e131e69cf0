# METADATA
# title: Recipients
# description: Who gets what the bytes transfer, held against `data.allowlist`.
package lib.recipients

import data.lib.effects

# METADATA
# description: Every transfer goes to an address in the allow-list of the chain.
listed if {
	every effect in effects.transfers {
		data.allowlist[input.transaction.chain][effect.to]
	}
}

# METADATA
# description: The addresses that are not in it.
unlisted contains effect.to if {
	some effect in effects.transfers
	not data.allowlist[input.transaction.chain][effect.to]
}
