# METADATA
# title: Listed destinations
# description: What a request or a message says that it pays, held against `data.allowlist`.
package lib.listed

# METADATA
# scope: document
# description: |
#   The destination stands in the allow-list of the chain, and is paid with the memo of its entry, or with none where the
#   entry has none.
permitted(destination) if {
	entry := data.allowlist[input.transaction.chain][destination.address]
	not destination.memo
	asks_no_memo(entry)
}

permitted(destination) if {
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

# METADATA
# description: A destination in words, with its memo.
spelled(destination) := concat(" with memo ", array.concat([destination.address], [memo | memo := destination.memo]))
