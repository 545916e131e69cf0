# METADATA
# title: No sanctioned address
# description: |
#   No address of the transaction is on the list `sanctions`: none that it pays, none that it takes from, and not
#   the contract that it calls. While the list is not loaded, nothing passes.
# custom:
#   severity: critical
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {SANCTIONS: deny}
#   optional: [transaction.sources, transaction.sources.*.address, transaction.contract]
package rules.transfer.sanctions

require["SANCTIONS"] if {
	# A list that is not there, or an address, would say of nobody that they are on it.
	is_object(input.lists.sanctions)
	every destination in input.transaction.destinations {
		is_string(destination.address)
	}
	every address in addresses {
		not input.lists.sanctions[address]
	}
}

addresses contains destination.address if some destination in input.transaction.destinations

addresses contains source.address if some source in input.transaction.sources

addresses contains input.transaction.contract.address

listed[address] := input.lists.sanctions[address] if some address in addresses

values["listed"] := listed

message["SANCTIONS"] := $"on the sanctions list: {concat(", ", object.keys(listed))}; do not sign, tell compliance, keep the request" if {
	count(listed) > 0
}

message["SANCTIONS"] := "not looked up: the list `sanctions` is not loaded, or a destination has no address" if {
	count(listed) == 0
}
