package tests.transfer.destination_allowlist

import data.rules.transfer.destination_allowlist as rule

list := {"ETH": {"0xaa": {"name": "cold wallet"}, "0xbb": true}, "BTC": {"0xcc": true}}

paying(chain, addresses) := {"transaction": {
	"chain": chain,
	"destinations": [{"address": address} | some address in addresses],
}}

holds(document, allowlist) if {
	rule.require.DESTINATION_ALLOWLIST with input as document with data.allowlist as allowlist
}

message(document, allowlist) := text if {
	text := rule.message.DESTINATION_ALLOWLIST with input as document with data.allowlist as allowlist
}

test_all_destinations_listed if {
	holds(paying("ETH", ["0xaa"]), list)
	holds(paying("ETH", ["0xaa", "0xbb"]), list)
}

test_one_destination_not_listed if {
	every address in ["0xcc", "0xAA", "0xaa ", "ETH"] {
		not holds(paying("ETH", [address]), list)
		not holds(paying("ETH", ["0xaa", address]), list)
	}
}

test_listed_on_another_chain if {
	not holds(paying("BTC", ["0xaa"]), list)
	not holds(paying("SETH", ["0xaa"]), list)
}

paying_with_memo(memo) := {"transaction": {"chain": "XRP", "destinations": [{"address": "rX", "memo": memo}]}}

test_memo_of_another if {
	every entry in [true, {}, {"name": "exchange"}, {"memo": "1"}, {"memo": 12}, {"memo": ""}, false] {
		not holds(paying_with_memo("12"), {"XRP": {"rX": entry}})
	}
}

test_memo_of_the_entry if {
	holds(paying_with_memo("12"), {"XRP": {"rX": {"memo": "12"}}})
	contains(message(paying_with_memo("12"), {"XRP": {"rX": {"memo": "1"}}}), "rX with memo 12")
}

test_memo_of_the_entry_left_out if {
	document := {"transaction": {"chain": "XRP", "destinations": [{"address": "rX"}]}}
	not holds(document, {"XRP": {"rX": {"memo": "12"}}})
	not holds(document, {"XRP": {"rX": {"memo": 12}}})
	every entry in [true, "exchange", {}, {"name": "exchange"}, {"memo": ""}] {
		holds(document, {"XRP": {"rX": entry}})
	}
	contains(message(document, {"XRP": {"rX": {"memo": "12"}}}), "rX")
}

test_entry_switched_off if {
	not holds(paying("ETH", ["0xaa"]), {"ETH": {"0xaa": false}})
}

test_empty_list if {
	every allowlist in [{}, {"ETH": {}}, [], "0xaa"] {
		not holds(paying("ETH", ["0xaa"]), allowlist)
	}
}

test_absent_member if {
	every path in [
		"transaction",
		"transaction/chain",
		"transaction/destinations",
		"transaction/destinations/0/address",
		"transaction/destinations/1/address",
	] {
		not holds(json.remove(paying("ETH", ["0xaa", "0xbb"]), [path]), list)
	}
}

test_message_says_what_to_configure if {
	message(paying("ETH", ["0xaa"]), {}) == "data.allowlist is empty: list destinations under allowlist.<CHAIN>.<address>"
}

test_message_of_an_empty_list_without_destinations if {
	startswith(message({"transaction": {"chain": "ETH"}}, {}), "data.allowlist is empty")
}

test_message_names_the_destination if {
	contains(message(paying("ETH", ["0xaa", "0xdd"]), list), "0xdd")
	not contains(message(paying("ETH", ["0xaa", "0xdd"]), list), "0xaa")
}

test_message_without_an_address_or_chain if {
	contains(message({"transaction": {"chain": "ETH", "destinations": [{"wallet_id": "w"}]}}, list), "no address")
	contains(message({"transaction": {"destinations": [{"address": "0xaa"}]}}, list), "no chain")
}

test_values_name_what_is_not_listed if {
	rule.values == {"chain": "ETH", "unlisted": ["0xdd"]} with input as paying("ETH", ["0xaa", "0xdd"])
		with data.allowlist as list
}
