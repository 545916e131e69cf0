# METADATA
# title: Daily limit
# description: |
#   What a wallet pays, or lets others take, within the window, and each source address, in dollars and with this message,
#   stays within the limits: above the lower one a person decides, above the higher one nobody pays. A message that moves
#   nothing is no payment.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {DAILY_LIMIT: deny, DAILY_SOFT_LIMIT: hold}
#   optional: [evidence.effects, evidence.text, evidence.typed_data, transaction.total_usd_micros]
package rules.message.daily_limit

import data.lib.daily
import data.lib.messages

facts["spent"] := {"kind": "sum", "of": "usd_micros", "by": ["wallet.id"], "window": data.limits.daily.window}

facts["spent_from"] := {
	"kind": "sum",
	"of": "usd_micros",
	"by": ["transaction.sources[].address"],
	"window": data.limits.daily.window,
}

require["DAILY_LIMIT"] if within(data.limits.daily.deny)

require["DAILY_SOFT_LIMIT"] if within(data.limits.daily.hold)

within(limit) if daily.within(limit)

within(_) if messages.moves_nothing

values := daily.compared

message["DAILY_LIMIT"] := daily.denies

message["DAILY_SOFT_LIMIT"] := daily.holds
