# METADATA
# title: Approvals
# description: |
#   How much others may take once the bytes are signed, held against `data.limits.per_approval` and `data.operators`.
package lib.approvals

import data.lib.amount
import data.lib.effects

# METADATA
# description: |
#   Every approval and permit is of an exact amount within the limit of its token, or takes one back; and whoever may
#   take all of a kind is a listed operator.
limited if {
	every effect in effects.grants {
		within(effect)
	}
}

# METADATA
# description: The others, in words.
excessive := [spelled(effect) |
	some effect in effects.grants
	not within(effect)
]

within(effect) if {
	effect.type in {"approve", "permit"}
	effect.amount.units == "0"
}

within(effect) if {
	effect.type in {"approve", "permit"}
	units := amount.int(effect.amount.units)
	units < unlimited
	units <= amount.int(data.limits.per_approval[effect.amount.token])
}

within(effect) if {
	effect.type == "operator_grant"
	data.operators[input.transaction.chain][effect.to]
}

# The largest number of Permit2. What is as large, or larger, is meant to have no end, whatever a limit says.
unlimited := amount.int("1461501637330902918203684832716283019655932542975")

spelled(effect) := $"all of {effect.asset} for {effect.to}" if effect.type == "operator_grant"

spelled(effect) := $"unlimited {effect.asset} for {effect.to}" if {
	effect.type in {"approve", "permit"}
	amount.int(effect.amount.units) >= unlimited
}

spelled(effect) := $"{effect.amount.text} {effect.asset} for {effect.to}, limit {limit(effect)} units" if {
	effect.type in {"approve", "permit"}
	amount.int(effect.amount.units) < unlimited
}

spelled(effect) := $"an amount of {effect.asset} that is not known for {effect.to}" if {
	effect.type in {"approve", "permit"}
	not has_amount(effect)
}

has_amount(effect) if amount.int(effect.amount.units) >= 0

limit(effect) := object.get(data.limits.per_approval, effect.amount.token, "none set: 0")
