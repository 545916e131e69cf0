# METADATA
# title: Only chains that the treasury uses
# custom:
#   severity: high
#   requires: {CHAIN_USED: deny}
package rules.transfer.chain_in_text

require["CHAIN_USED"] if count(split(data.chains_text, input.transaction.chain)) > 1
