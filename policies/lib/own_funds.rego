# METADATA
# title: Own funds
# description: Whose assets the bytes move or let others move.
package lib.own_funds

import data.lib.effects

# METADATA
# description: |
#   Every one of them belongs to an address that the transaction takes from, or to an account in `data.accounts`.
owned if {
	every effect in effects.transfers {
		belongs(effect.from)
	}
	every effect in effects.grants {
		belongs(effect.from)
	}
}

# METADATA
# description: The accounts that are neither.
foreign contains effect.from if {
	some effect in array.concat(effects.transfers, effects.grants)
	not belongs(effect.from)
}

belongs(account) if account in sources

belongs(account) if data.accounts[input.transaction.chain][account]

sources contains source.address if some source in input.transaction.sources
