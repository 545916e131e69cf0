# METADATA
# title: Destinations on the allow-list
# description: |
#   Every address that is paid stands in the allow-list of the transaction's chain, and is paid with the memo of
#   its entry, or with none where the entry has none: behind one address of an exchange the memo says whose money
#   it is. An empty list refuses everything.
# custom:
#   severity: critical
#   kinds: [transaction_signing, withdrawal_confirmation]
#   requires: {DESTINATION_ALLOWLIST: deny}
#   optional: [transaction.destinations.*.memo]
#   allow_empty: [allowlist, allowlist.*, allowlist.*.*]
package rules.transfer.destination_allowlist

require["DESTINATION_ALLOWLIST"] if {
	every destination in input.transaction.destinations {
		listed(destination)
	}
}

listed(destination) if {
	entry := data.allowlist[input.transaction.chain][destination.address]
	not destination.memo
	asks_no_memo(entry)
}

listed(destination) if {
	memo := object.get(data.allowlist[input.transaction.chain][destination.address], "memo", "")
	destination.memo == memo
}

# Behind a shared address, money without the memo is nobody's.
asks_no_memo(true)

asks_no_memo(entry) if is_string(entry)

asks_no_memo(entry) if {
	is_object(entry)
	object.get(entry, "memo", "") == ""
}

unlisted := [concat(" with memo ", array.concat([destination.address], memos)) |
	input.transaction.chain
	some destination in input.transaction.destinations
	not listed(destination)
	memos := [memo | memo := destination.memo]
]

values["chain"] := input.transaction.chain

values["unlisted"] := unlisted

message["DESTINATION_ALLOWLIST"] := "data.allowlist is empty: list destinations under allowlist.<CHAIN>.<address>" if {
	data.allowlist == {}
}

message["DESTINATION_ALLOWLIST"] := $"not listed: {concat(", ", unlisted)}; if it is right to pay there, add it to allowlist.{input.transaction.chain}" if {
	data.allowlist != {}
	count(unlisted) > 0
}

message["DESTINATION_ALLOWLIST"] := "the request has no address or no chain for a destination: nothing to look up in data.allowlist" if {
	data.allowlist != {}
	count(unlisted) == 0
}
