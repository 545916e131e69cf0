# METADATA
# title: Cooling-off of the lists
# description: |
#   Whoever gets something by a message has stood in the allow-list for a while, and whoever may take something in the list
#   of spenders: the cooling-off has passed since the `added_at` of the entry. An entry that does not say when it was added
#   does not count.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {ALLOWLIST_COOLING_OFF: hold}
#   optional:
#     - evidence.effects
#     - evidence.text
#     - evidence.typed_data
#     - evidence.effects.*.to
#     - evidence.effects.*.amount
#     - evidence.effects.*.amount.units
#     - transaction.chain
#     - transaction.sources
#     - transaction.sources.*.address
#   allow_empty: [allowlist, allowlist.*, allowlist.*.*, spenders, spenders.*, spenders.*.*]
package rules.message.allowlist_cooling_off

import data.lib.cooling_off
import data.lib.effects
import data.lib.messages

require["ALLOWLIST_COOLING_OFF"] if settled

settled if messages.silent

settled if {
	effects.seen
	cooling_off.passed
}

dated := cooling_off.dated(cooling_off.waiting)

fresh := sort(dated)

undated := sort(cooling_off.waiting - dated)

values["chain"] := input.transaction.chain

values["fresh"] := fresh

values["undated"] := undated

values["cooling_off"] := data.limits.cooling_off

message["ALLOWLIST_COOLING_OFF"] := $"listed less than {data.limits.cooling_off} ago: {concat(", ", fresh)}; wait, and confirm them meanwhile" if {
	count(fresh) > 0
}

message["ALLOWLIST_COOLING_OFF"] := $"no added_at for {concat(", ", undated)}: write it in allowlist or spenders, in quotes" if {
	count(fresh) == 0
	count(undated) > 0
}

message["ALLOWLIST_COOLING_OFF"] := "what the message does is not known, or limits.cooling_off is no duration such as 24h" if {
	count(fresh) == 0
	count(undated) == 0
}
