# METADATA
# title: No signature for a banned contract
# custom:
#   severity: high
#   requires: {NOT_BANNED: deny}
#   optional: [evidence.typed_data.verifying_contract]
package rules.message.banned_contract

named contains input.evidence.typed_data.verifying_contract

named contains effect.to if some effect in input.evidence.effects

require["NOT_BANNED"] if {
	every contract in named {
		not data.banned[contract]
	}
}
