# METADATA
# title: Tokens
# description: Whether what the bytes move is a token of the release, held against `data.tokens`.
package lib.tokens

import data.lib.effects

# METADATA
# description: Every asset that is transferred or approved is a token of the chain.
known if {
	every effect in effects.payments {
		data.tokens[effect.asset].chain == input.transaction.chain
	}
}

# METADATA
# description: The assets that are not.
unknown contains object.get(effect, "asset", "an asset that is not known") if {
	some effect in effects.payments
	not data.tokens[effect.asset].chain == input.transaction.chain
}
