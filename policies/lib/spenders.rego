# METADATA
# title: Spenders
# description: Who may take something from an account once the bytes are signed, held against `data.spenders`.
package lib.spenders

import data.lib.effects

# METADATA
# description: Every approval, permit and operator grant is for a spender in the list of the chain, or takes one back.
listed if {
	every effect in effects.grants {
		allowed(effect)
	}
}

# METADATA
# description: The addresses that are not in it.
unlisted contains effect.to if {
	some effect in effects.grants
	not allowed(effect)
}

allowed(effect) if data.spenders[input.transaction.chain][effect.to]

# Whoever is taken off the list must be possible to revoke.
allowed(effect) if {
	effect.type in {"approve", "permit"}
	effect.amount.units == "0"
}
