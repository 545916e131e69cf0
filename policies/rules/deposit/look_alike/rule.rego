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

# Nearly always no other begins like it: one search through all of them costs a tenth of looking at each.
none_alike(address, table) if found(address, table) == -1

none_alike(address, table) if {
	found(address, table) >= 0
	every other, _ in table {
		told_apart(address, other)
	}
}

# No template, which would find nothing in what is no table.
found(address, table) := indexof(
	concat("", [" ", concat(" ", object.keys(table))]),
	concat("", [" ", beginning(address)]),
)

told_apart(one, other) if one == other

told_apart(one, other) if substring(other, 0, count(beginning(one))) != beginning(one)

told_apart(one, other) if end(one) != end(other)

resembled contains other if {
	some address in deposits.senders
	some other in known
	not told_apart(address, other)
}

known contains other if {
	some table in data.allowlist
	some other, _ in table
}

known contains destination.address if some destination in input.transaction.destinations

values["senders"] := deposits.senders

values["resembled"] := resembled

message["LOOK_ALIKE"] := $"from {concat(", ", deposits.senders)}, made to look like {concat(", ", resembled)}: never copy an address from a history" if {
	count(resembled) > 0
}

message["LOOK_ALIKE"] := "a destination has no address: nothing to hold the sender's against" if count(resembled) == 0
