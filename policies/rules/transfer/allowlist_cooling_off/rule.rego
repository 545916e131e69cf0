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
#     - transaction.sources
#     - transaction.sources.*.address
#   allow_empty: [allowlist, allowlist.*, allowlist.*.*, spenders, spenders.*, spenders.*.*]
package rules.transfer.allowlist_cooling_off

import data.lib.cooling_off
import data.lib.effects
import data.lib.evidence

require["ALLOWLIST_COOLING_OFF"] if {
	every destination in input.transaction.destinations {
		settled(destination)
	}
	effects_settled
}

settled(destination) if cooling_off.is_old(cooling_off.paid_since(destination.address))

# A contract is called, not paid: what the call pays is among its effects.
settled(destination) if {
	effects.seen
	destination.address == input.transaction.contract.address
}

effects_settled if evidence.unseen

effects_settled if {
	effects.seen
	cooling_off.passed
}

waiting := cooling_off.waiting | {destination.address |
	some destination in input.transaction.destinations
	not settled(destination)
}

dated := cooling_off.dated(waiting)

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
