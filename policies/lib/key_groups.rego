# METADATA
# title: Key groups
# description: Whether a key ceremony makes one of the groups in `data.key_groups`.
package lib.key_groups

# METADATA
# description: The nodes that will hold a share, as the request names them.
nodes := [participant.node | some participant in input.key.participants]

# METADATA
# description: |
#   One listed group has exactly this threshold, exactly these nodes, each once, and this curve. An entry
#   without `curves` stands for both.
listed if {
	some group in data.key_groups
	input.key.threshold == group.threshold
	input.key.curve in object.get(group, "curves", ["secp256k1", "ed25519"])
	sort(nodes) == sort(group.nodes)
	every participant in input.key.participants {
		participant.node in group.nodes
	}
}
