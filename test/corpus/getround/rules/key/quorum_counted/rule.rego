# METADATA
# title: A key has holders enough to sign
# custom:
#   severity: high
#   requires: {QUORUM: deny}
package rules.key.quorum_counted

require["QUORUM"] if {
	count([participant.node | some participant in input.key.participants]) >= input.key.threshold
	every participant in input.key.participants {
		data.nodes[participant.node]
	}
}
