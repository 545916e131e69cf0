# METADATA
# title: Cooling-off of the allow-list
# description: |
#   Every address that is paid has stood in the allow-list for a while: the cooling-off has passed since the
#   `added_at` of its entry. An entry that does not say when it was added does not count.
# custom:
#   severity: high
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {ALLOWLIST_COOLING_OFF: hold}
#   allow_empty: [allowlist, allowlist.*, allowlist.*.*]
package rules.transfer.allowlist_cooling_off

import data.lib.amount
import data.lib.duration

require["ALLOWLIST_COOLING_OFF"] if {
	every destination in input.transaction.destinations {
		age(destination) >= duration.ms(data.limits.cooling_off)
	}
}

# Negative where the entry is dated ahead.
age(destination) := input.now.ms - amount.int(added_at(destination))

added_at(destination) := object.get(data.allowlist[input.transaction.chain][destination.address], "added_at", "")

fresh := [destination.address |
	some destination in input.transaction.destinations
	age(destination) < duration.ms(data.limits.cooling_off)
]

undated := [destination.address |
	some destination in input.transaction.destinations
	not age(destination)
]

values["chain"] := input.transaction.chain

values["fresh"] := fresh

values["undated"] := undated

values["cooling_off"] := data.limits.cooling_off

message["ALLOWLIST_COOLING_OFF"] := $"listed less than {data.limits.cooling_off} ago: {concat(", ", fresh)}; wait, and confirm them meanwhile" if {
	count(fresh) > 0
}

message["ALLOWLIST_COOLING_OFF"] := $"no added_at for {concat(", ", undated)}: write it in allowlist.{input.transaction.chain}, milliseconds in quotes" if {
	count(fresh) == 0
	count(undated) > 0
}

message["ALLOWLIST_COOLING_OFF"] := "the request has no address or no chain for a destination, or limits.cooling_off is no duration such as 24h" if {
	count(fresh) == 0
	count(undated) == 0
}
