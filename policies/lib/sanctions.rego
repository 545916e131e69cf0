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
# description: Whoever the bytes pay, take from, call, or let take something, and the contracts of what is moved.
touched contains effect.to if some effect in input.evidence.effects

touched contains effect.from if some effect in input.evidence.effects

touched contains effect.asset if some effect in input.evidence.effects

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
