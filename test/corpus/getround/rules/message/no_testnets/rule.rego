# METADATA
# title: No signature for a test network
# custom:
#   severity: high
#   requires: {NO_TESTNET: deny}
package rules.message.no_testnets

testnets := {5, 11155111}

require["NO_TESTNET"] if {input.evidence.typed_data.chain_id} & testnets == set()
