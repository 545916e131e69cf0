# METADATA
# title: No revoked node gets a share
# custom:
#   severity: high
#   requires: {NOT_REVOKED: deny}
package rules.key.not_revoked

revoked if {
	some participant in input.key.participants
	data.nodes[participant.node].status == "revoked"
}

require["NOT_REVOKED"] if not data.rules.key.not_revoked.revoked
