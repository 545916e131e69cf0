# METADATA
# title: Own funds
# description: |
#   What is moved, or may be moved from now on, belongs to an address that the request signs for, or to an account in
#   `data.accounts` of the chain, such as a Safe.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   requires: {OWN_FUNDS: deny}
#   optional:
#     - evidence.effects
#     - evidence.text
#     - evidence.typed_data
#     - evidence.effects.*.from
#     - transaction.sources
#     - transaction.sources.*.address
#   allow_empty: [accounts, accounts.*, accounts.*.*]
package rules.message.own_funds

import data.lib.effects
import data.lib.messages
import data.lib.own_funds

require["OWN_FUNDS"] if harmless

harmless if messages.silent

harmless if {
	effects.seen
	own_funds.owned
}

values["chain"] := input.transaction.chain

values["sources"] := own_funds.sources

values["foreign"] := own_funds.foreign

message["OWN_FUNDS"] := $"moves what belongs to {concat(", ", own_funds.foreign)}: neither a source nor in accounts.{chain}; whose is it?" if {
	count(own_funds.foreign) > 0
	chain := input.transaction.chain
}

message["OWN_FUNDS"] := "what the message does is not known, or whose assets it moves: nothing to look up in data.accounts" if {
	count(own_funds.foreign) == 0
}
