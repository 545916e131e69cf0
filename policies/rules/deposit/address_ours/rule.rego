# METADATA
# title: One of our addresses
# description: |
#   What is paid is an address that was given out, as the list `own_addresses` has them. The key that signs push messages is
#   the same for all of Cobo's customers, so a deposit of somebody else may be told with a good signature. While the list is not
#   loaded, every deposit is flagged.
# custom:
#   severity: high
#   requires: {ADDRESS_NOT_OURS: deny}
package rules.deposit.address_ours

require["ADDRESS_NOT_OURS"] if {
	every destination in input.transaction.destinations {
		input.lists.own_addresses[destination.address]
	}
}

foreign contains destination.address if {
	some destination in input.transaction.destinations
	not input.lists.own_addresses[destination.address]
}

values["foreign"] := foreign

message["ADDRESS_NOT_OURS"] := $"paid to {concat(", ", foreign)}, not in own_addresses: a new address that the list lacks, or not our deposit; do not book" if {
	is_object(input.lists.own_addresses)
}

message["ADDRESS_NOT_OURS"] := "the list `own_addresses` is not loaded: nobody knows whether this is our deposit" if {
	not input.lists.own_addresses
}
