# METADATA
# title: Cooling-off of the lists
# description: |
#   Every address that is paid, by the request or by its bytes, has stood in the allow-list for a while, and whoever may
#   take something afterwards in the list of spenders: the cooling-off has passed since the `added_at` of the entry. An
#   entry that does not say when it was added does not count.
# custom:
#   severity: high
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {ALLOWLIST_COOLING_OFF: hold}
#   optional:
#     - transaction.contract
#     - evidence.effects
#     - evidence.effects.*.to
#     - evidence.effects.*.amount
#     - evidence.effects.*.amount.units
#   allow_empty: [allowlist, allowlist.*, allowlist.*.*, spenders, spenders.*, spenders.*.*]
package rules.transfer.allowlist_cooling_off

import data.lib.amount
import data.lib.duration
import data.lib.effects
import data.lib.evidence

require["ALLOWLIST_COOLING_OFF"] if {
	every destination in input.transaction.destinations {
		settled(destination)
	}
	effects_settled
}

settled(destination) if is_old(paid_since(destination.address))

# A contract is called, not paid: what the call pays is among its effects.
settled(destination) if {
	effects.seen
	destination.address == input.transaction.contract.address
}

effects_settled if evidence.unseen

effects_settled if {
	effects.seen
	every effect in effects.transfers {
		is_old(paid_since(effect.to))
	}
	every effect in effects.grants {
		may_take(effect)
	}
}

may_take(effect) if is_old(takes_since(effect.to))

# Taking an approval back needs no entry.
may_take(effect) if effect.amount.units == "0"

# Negative where the entry is dated ahead.
is_old(added_at) if input.now.ms - amount.int(added_at) >= duration.ms(data.limits.cooling_off)

paid_since(address) := object.get(data.allowlist[input.transaction.chain][address], "added_at", "")

takes_since(address) := object.get(data.spenders[input.transaction.chain][address], "added_at", "")

waiting contains destination.address if {
	some destination in input.transaction.destinations
	not settled(destination)
}

waiting contains effect.to if {
	some effect in effects.transfers
	not is_old(paid_since(effect.to))
}

waiting contains effect.to if {
	some effect in effects.grants
	not may_take(effect)
}

dated contains address if {
	some address in waiting
	amount.int(paid_since(address)) >= 0
}

dated contains address if {
	some address in waiting
	amount.int(takes_since(address)) >= 0
}

fresh := sort(dated)

undated := sort(waiting - dated)

values["chain"] := input.transaction.chain

values["fresh"] := fresh

values["undated"] := undated

values["cooling_off"] := data.limits.cooling_off

message["ALLOWLIST_COOLING_OFF"] := $"listed less than {data.limits.cooling_off} ago: {concat(", ", fresh)}; wait, and confirm them meanwhile" if {
	count(fresh) > 0
}

message["ALLOWLIST_COOLING_OFF"] := $"no added_at for {concat(", ", undated)}: write it in allowlist.{input.transaction.chain} or spenders, in quotes" if {
	count(fresh) == 0
	count(undated) > 0
}

message["ALLOWLIST_COOLING_OFF"] := "the request has no address or no chain for a destination, or limits.cooling_off is no duration such as 24h" if {
	count(fresh) == 0
	count(undated) == 0
}
