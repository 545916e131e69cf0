# METADATA
# title: Sanctions
# description: What the list `sanctions` says of addresses.
package lib.sanctions

# METADATA
# description: |
#   The list is loaded and has none of them. A list that is not there, or an address, would say of nobody that they are
#   on it.
clear(addresses) if {
	is_object(input.lists.sanctions)
	every address in addresses {
		not input.lists.sanctions[address]
	}
}

# METADATA
# scope: document
# description: |
#   Whoever the bytes pay, take from, call, or let take something, the contracts of what is moved, and whoever is named to
#   what is called.
touched contains effect.to if some effect in input.evidence.effects

touched contains effect.from if some effect in input.evidence.effects

touched contains effect.asset if some effect in input.evidence.effects

touched contains address if {
	some effect in input.evidence.effects
	some argument in effect.arguments
	contains(argument.type, "address")
	some [address] in regex.find_all_string_submatch_n(`0x[0-9a-f]+`, argument.value, -1)
	count(address) == 42
}

# METADATA
# description: The entries of the list, by address.
listed(addresses) := {address: entry |
	some address in addresses
	entry := input.lists.sanctions[address]
}

# METADATA
# scope: document
# description: What is wrong, for people.
words(addresses) := $"on the sanctions list: {concat(", ", object.keys(found))}; do not sign, tell compliance, keep the request" if {
	found := listed(addresses)
	count(found) > 0
}

words(addresses) := "not looked up: the list `sanctions` is not loaded, or an address is not known" if {
	count(listed(addresses)) == 0
}
