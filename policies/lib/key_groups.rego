# METADATA
# title: Key groups
# description: Whether a key ceremony makes one of the groups in `data.key_groups`.
package lib.key_groups

# METADATA
# description: The nodes that will hold a share, as the request names them.
nodes := [participant.node | some participant in input.key.participants]

# METADATA
# description: |
#   One listed group has exactly this threshold, exactly these nodes, each once, this curve, and is meant for
#   this ceremony and this key. An entry without `curves`, `kinds` or `root_public_keys` stands for all of them.
listed if {
	some group in data.key_groups
	input.kind in object.get(group, "kinds", ["key_generation", "key_reshare"])
	input.key.threshold == group.threshold
	input.key.curve in object.get(group, "curves", ["secp256k1", "ed25519"])
	sort(nodes) == sort(group.nodes)
	every participant in input.key.participants {
		participant.node in group.nodes
	}
	for_this_key(group)
}

# A new key has no root key that could be listed.
for_this_key(_) if input.kind == "key_generation"

for_this_key(group) if {
	input.key.root_public_key in object.get(group, "root_public_keys", [input.key.root_public_key])
}
