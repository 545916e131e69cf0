# METADATA
# title: No sanctioned sender
# description: |
#   No address that a deposit came from is on the list `sanctions`. While the list is not loaded, every deposit is
#   flagged. Where no sender is stated there is nothing to look up: see `source_stated`.
# custom:
#   severity: critical
#   requires: {SANCTIONED_SOURCE: deny}
#   optional: [deposit.sources, transaction.sources, transaction.sources.*.address]
package rules.deposit.sanctions

import data.lib.deposits
import data.lib.sanctions

require["SANCTIONED_SOURCE"] if sanctions.clear(deposits.senders)

found := sanctions.listed(deposits.senders)

values["listed"] := found

message["SANCTIONED_SOURCE"] := $"from {concat(", ", object.keys(found))}, on the sanctions list: do not book, move or return it; tell compliance" if {
	count(found) > 0
}

message["SANCTIONED_SOURCE"] := "not looked up: the list `sanctions` is not loaded" if count(found) == 0
