# METADATA
# title: Everybody who signs for the old group is known
# custom:
#   severity: high
#   kinds: [key_reshare]
#   requires: {SIGNERS_KNOWN: deny}
package rules.key.signers_known

signers := [holder |
	some holder in input.key.old_group.holders
	holder.signer == true
]

require["SIGNERS_KNOWN"] if {
	every signer in signers {
		data.nodes[signer.node]
	}
}
