# METADATA
# title: Effects
# description: |
#   What the bytes do, by kind. A list here is as long as there are such effects, an empty one says nothing: ask
#   `seen` before it.
package lib.effects

# METADATA
# description: |
#   The bytes were read, and what they do is there, of types that are known, whether or not the request says the same.
seen if {
	input.evidence.status in {"verified", "mismatch"}
	count(input.evidence.effects) > 0
	every effect in input.evidence.effects {
		effect.type in types
	}
}

types := {
	"transfer", "approve", "permit", "operator_grant", "admin", "deploy", "delegatecall", "call", "unknown", "fee",
}

# METADATA
# description: Every effect is of another type, and of one that is known.
without(type) if only(types - {type})

# METADATA
# description: Every effect is of one of these types.
only(allowed) if {
	seen
	every effect in input.evidence.effects {
		effect.type in allowed
	}
}

# METADATA
# description: What leaves an account.
transfers := of_type({"transfer"})

# METADATA
# description: What others may take from an account from now on.
grants := of_type({"approve", "permit", "operator_grant"})

# METADATA
# description: What has an amount that counts, whether it leaves or may be taken.
payments := of_type({"transfer", "approve", "permit"})

calls := of_type({"call"})

delegatecalls := of_type({"delegatecall"})

fees := of_type({"fee"})

# METADATA
# description: |
#   The fees that are paid to somebody, as a Safe pays back the gas of its transaction. The transaction's own goes to
#   whoever makes the block.
refunds := [fee |
	some fee in fees
	fee.to
]

of_type(wanted) := [effect |
	some effect in input.evidence.effects
	effect.type in wanted
]

# METADATA
# description: The effects of a type in words, for people.
words(type) := concat("; ", [spelled(effect) | some effect in of_type({type})])

spelled(effect) := concat(" ", [part |
	some part in [
		object.get(effect, "method", object.get(effect, "selector", effect.type)),
		concat(" ", ["to" | effect.to]),
		object.get(effect, "to", ""),
	]
	part != ""
])
