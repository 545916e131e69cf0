# METADATA
# title: The memo is there
# description: |
#   Where many share an address, the memo says whose a deposit is: it is there on chains that `data.deposits.chains` has with
#   `memo_required`. One on another chain is noted.
# custom:
#   severity: medium
#   requires: {MEMO_MISSING: deny, MEMO_UNEXPECTED: alert}
#   optional: [transaction.chain, transaction.destinations.*.memo]
#   allow_empty: [deposits.chains]
package rules.deposit.memo

require["MEMO_MISSING"] if {
	every destination in input.transaction.destinations {
		has_memo(destination)
	}
}

has_memo(destination) if is_string(destination.memo)

has_memo(_) if needs_none

# The message names a coin that nobody knows, and no chain: `token_known` says so.
has_memo(_) if not input.transaction.chain

needs_none if data.deposits.chains[input.transaction.chain].memo_required == false

require["MEMO_UNEXPECTED"] if {
	every destination in input.transaction.destinations {
		fits(destination)
	}
}

fits(destination) if not destination.memo

fits(_) if data.deposits.chains[input.transaction.chain].memo_required == true

values["chain"] := input.transaction.chain

values["memos"] := [destination.memo | some destination in input.transaction.destinations]

message["MEMO_MISSING"] := $"no memo, and {input.transaction.chain} needs one: the customer forgot it; find out who sent it before you book it" if {
	data.deposits.chains[input.transaction.chain].memo_required == true
}

message["MEMO_MISSING"] := $"not known whether {input.transaction.chain} needs a memo: set deposits.chains.{input.transaction.chain}" if {
	not data.deposits.chains[input.transaction.chain]
}

message["MEMO_UNEXPECTED"] := $"has a memo, which {input.transaction.chain} does not need: perhaps it was meant for another address"
