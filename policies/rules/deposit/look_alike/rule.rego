# METADATA
# title: No look-alike
# description: |
#   No sender's address begins and ends like one of the allow-list, or like the one that it pays, without being it. Such
#   addresses are made to be copied from a history by mistake.
# custom:
#   severity: high
#   requires: {LOOK_ALIKE: deny}
#   optional: [deposit.sources, transaction.sources, transaction.sources.*.address]
#   allow_empty: [allowlist, allowlist.*, allowlist.*.*]
package rules.deposit.look_alike

import data.lib.deposits

require["LOOK_ALIKE"] if {
	every address in deposits.senders {
		every table in data.allowlist {
			none_alike(address, table)
		}
		every destination in input.transaction.destinations {
			told_apart(address, destination.address)
		}
	}
}

# What people look at: the first and the last four characters, after what all addresses of a kind begin with.
shown := 4

kinds := ["", "0x", "bc1q", "bc1p", "tb1q", "tb1p", "ltc1q", "ltc1p"]

beginning(address) := substring(address, 0, shown + max([count(kind) | some kind in kinds; startswith(address, kind)]))

end(address) := substring(address, max([0, count(address) - shown]), -1)

# Of a table of thousands hardly one begins like it: only those are looked at closely.
none_alike(address, table) if {
	is_object(table)
	every other in beginning_like(address, table) {
		told_apart(address, other)
	}
}

# Undefined where the address is no text: an empty set would let it through.
beginning_like(address, table) := others if {
	start := beginning(address)
	length := count(start)
	others := {other | some other, _ in table; substring(other, 0, length) == start}
}

told_apart(one, other) if one == other

told_apart(one, other) if substring(other, 0, count(beginning(one))) != beginning(one)

told_apart(one, other) if end(one) != end(other)

resembled contains other if {
	some address in deposits.senders
	some table in data.allowlist
	some other in beginning_like(address, table)
	not told_apart(address, other)
}

resembled contains destination.address if {
	some address in deposits.senders
	some destination in input.transaction.destinations
	not told_apart(address, destination.address)
}

values["senders"] := deposits.senders

values["resembled"] := resembled

message["LOOK_ALIKE"] := $"from {concat(", ", deposits.senders)}, made to look like {concat(", ", resembled)}: never copy an address from a history" if {
	count(resembled) > 0
}

message["LOOK_ALIKE"] := "a destination has no address: nothing to hold the sender's against" if count(resembled) == 0
