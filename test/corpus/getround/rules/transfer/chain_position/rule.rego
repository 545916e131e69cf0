# METADATA
# title: Only chains that the desk uses
# custom:
#   severity: high
#   requires: {CHAIN_OF_DESK: deny}
package rules.transfer.chain_position

require["CHAIN_OF_DESK"] if indexof(data.chains_text, input.transaction.chain) >= 0
