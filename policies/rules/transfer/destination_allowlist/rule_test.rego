package tests.transfer.destination_allowlist

import data.rules.transfer.destination_allowlist as rule

list := {"ETH": {"0xaa": {"name": "cold wallet"}, "0xbb": true}, "BTC": {"0xcc": true}}

paying(chain, addresses) := {
	"transaction": {"chain": chain, "destinations": [{"address": address} | some address in addresses]},
	"evidence": unread,
}

unread := {"status": "unsupported"}

# Bytes that transfer to some addresses, whatever the request says.
doing(status, document, recipients) := object.union(document, {"evidence": {
	"status": status,
	"effects": array.concat(
		[{"type": "transfer", "asset": "ETH", "to": to} | some to in recipients],
		[{"type": "fee", "asset": "ETH", "from": "0xff"}],
	),
}})

calling(address) := object.union(paying("ETH", [address]), {"transaction": {"contract": {"address": address}}})

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

paying_with_memo(memo) := {
	"transaction": {"chain": "XRP", "destinations": [{"address": "rX", "memo": memo}]},
	"evidence": unread,
}

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
	document := paying("XRP", ["rX"])
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

test_bytes_that_pay_listed_addresses if {
	every status in ["verified", "mismatch"] {
		holds(doing(status, paying("ETH", ["0xaa"]), ["0xaa"]), list)
		holds(doing(status, paying("ETH", ["0xaa"]), ["0xaa", "0xbb"]), list)
		holds(doing(status, paying("ETH", ["0xaa"]), []), list)
	}
}

test_bytes_that_pay_somebody_else if {
	every status in ["verified", "mismatch"] {
		not holds(doing(status, paying("ETH", ["0xaa"]), ["0xdd"]), list)
		not holds(doing(status, paying("ETH", ["0xaa"]), ["0xaa", "0xdd"]), list)
		not holds(doing(status, paying("ETH", ["0xaa"]), ["0xcc"]), list)
	}
	not holds(doing("verified", paying("ETH", ["0xaa"]), ["0xbb"]), {"ETH": {"0xaa": true, "0xbb": false}})
}

# What a Safe pays back for gas goes to somebody, too.
refunding(to) := object.union(doing("verified", paying("ETH", ["0xaa"]), ["0xaa"]), {
	"transaction": {"sources": [{"address": "0xff"}]},
	"evidence": {"effects": [{"type": "transfer", "to": "0xaa"}, {"type": "fee"}, {"type": "fee", "to": to}]},
})

test_bytes_that_refund_somebody_else if {
	not holds(refunding("0xdd"), list)
	not holds(refunding("0xcc"), list)
	not holds(json.remove(refunding("0xff"), ["transaction/sources"]), list)
	contains(message(refunding("0xdd"), list), "not listed: 0xdd")
	holds(refunding("0xaa"), list)
	holds(refunding("0xff"), list)
}

test_bytes_that_pay_nobody_knows_whom if {
	effects := [{"type": "transfer", "asset": "ETH"}, {"type": "fee"}]
	not holds(object.union(paying("ETH", ["0xaa"]), {"evidence": {"status": "verified", "effects": effects}}), list)
}

test_bytes_that_were_read_and_do_nothing if {
	every status in ["verified", "mismatch"] {
		not holds(object.union(paying("ETH", ["0xaa"]), {"evidence": {"status": status}}), list)
		not holds(object.union(paying("ETH", ["0xaa"]), {"evidence": {"status": status, "effects": []}}), list)
	}
}

test_a_request_that_names_somebody_else_than_its_bytes if {
	not holds(doing("verified", paying("ETH", ["0xdd"]), ["0xaa"]), list)
}

test_a_contract_is_called_not_paid if {
	holds(doing("verified", calling("0xdd"), []), list)
	holds(doing("verified", calling("0xdd"), ["0xaa"]), list)
	not holds(doing("verified", calling("0xdd"), ["0xdd"]), list)
	not holds(calling("0xdd"), list)
	not holds(doing("verified", object.union(paying("ETH", ["0xdd"]), {"transaction": {"contract": {}}}), []), list)
}

test_absent_member if {
	every path in [
		"evidence",
		"evidence/status",
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

test_words_name_what_the_bytes_pay if {
	document := doing("mismatch", paying("ETH", ["0xaa"]), ["0xee", "0xaa"])
	startswith(message(document, list), "not listed: 0xee; if it is right to pay there")
	rule.values.unlisted == ["0xee"] with input as document with data.allowlist as list
}

test_values_name_what_is_not_listed if {
	rule.values == {"chain": "ETH", "unlisted": ["0xdd"]} with input as paying("ETH", ["0xaa", "0xdd"])
		with data.allowlist as list
}
