# METADATA
# title: The sender is stated
# description: A deposit says from which address it came. What came from nobody is noted, since no list was asked about it.
# custom:
#   severity: low
#   requires: {SOURCE_STATED: alert}
#   optional: [deposit.sources, transaction.sources, transaction.sources.*.address]
package rules.deposit.source_stated

import data.lib.deposits

require["SOURCE_STATED"] if count(deposits.senders) > 0

message["SOURCE_STATED"] := "no sender is stated, so no list was asked about one: look the transaction up on its chain before you book much"
