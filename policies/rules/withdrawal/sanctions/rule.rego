# METADATA
# title: No sanctioned party
# description: |
#   No address that a withdrawal pays, or takes from, is on the list `sanctions`. While the list is not loaded, every
#   withdrawal is flagged.
# custom:
#   severity: critical
#   requires: {SANCTIONED_PARTY: deny}
#   optional: [transaction.sources, transaction.sources.*.address]
package rules.withdrawal.sanctions

import data.lib.sanctions

require["SANCTIONED_PARTY"] if {
	every destination in input.transaction.destinations {
		is_string(destination.address)
	}
	sanctions.clear(addresses)
}

addresses contains destination.address if some destination in input.transaction.destinations

addresses contains source.address if some source in input.transaction.sources

found := sanctions.listed(addresses)

values["listed"] := found

message["SANCTIONED_PARTY"] := $"on the sanctions list: {concat(", ", object.keys(found))}; freeze the wallet, tell compliance, keep the message" if {
	count(found) > 0
}

message["SANCTIONED_PARTY"] := "not looked up: the list `sanctions` is not loaded, or an address is not known" if count(found) == 0
