package tests.deposit.look_alike

import data.rules.deposit.look_alike as rule

ours := "0x1111222233334444555566667777888899990000"

payee := "0xabcd000000000000000000000000000000001234"

lists := {
	"ETH": {payee: {"name": "payee"}},
	"BTC": {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4": {"name": "exchange"}},
	"TRON": {"THKAcY3fvSyfkzbYxj2aAgxC5R6YAPMJqa": {"name": "maker"}},
	"EMPTY": {},
}

from(addresses) := {
	"deposit": {"sources": [{"address": address} | some address in addresses]},
	"transaction": {"destinations": [{"address": ours}]},
}

holds(document) if rule.require.LOOK_ALIKE with input as document with data.allowlist as lists

test_strangers if {
	every address in [
		"0x9999000000000000000000000000000000009999",
		"0xabcd000000000000000000000000000000009999",
		"0x9999000000000000000000000000000000001234",
		"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
		"TWDchZBmYvTQBeXD4w8rRUowDv5ka8kiFU",
		"alice",
		"a",
	] {
		holds(from([address]))
	}
}

test_the_very_address if {
	holds(from([payee]))
	holds(from([ours]))
	holds(from(["THKAcY3fvSyfkzbYxj2aAgxC5R6YAPMJqa"]))
}

test_one_that_looks_like_it if {
	every address in [
		"0xabcd999999999999999999999999999999991234",
		"0x1111000000000000000000000000000000000000",
		"bc1qw508aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaf3t4",
		"THKAaaaaaaaaaaaaaaaaaaaaaaaaaaMJqa",
	] {
		not holds(from([address]))
		not holds(from([payee, address]))
		not holds(from([address, "0x9999000000000000000000000000000000009999"]))
	}
}

test_what_all_addresses_begin_with_does_not_count if {
	holds(from(["0xab00000000000000000000000000000000001234"]))
	holds(from(["bc1qaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaf3t4"]))
}

test_senders_among_the_sources_of_the_transaction if {
	not holds({"transaction": {
		"sources": [{"address": "0xabcd999999999999999999999999999999991234"}],
		"destinations": [{"address": ours}],
	}})
}

test_no_sender_is_stated if holds(from([]))

test_an_empty_allow_list if {
	rule.require.LOOK_ALIKE with input as from([payee]) with data.allowlist as {}
	not rule.require.LOOK_ALIKE with input as from(["0x1111999999999999999999999999999999990000"]) with data.allowlist as {}
}

test_what_is_no_table if {
	every value in [null, true, "x", 1, ["x"]] {
		not rule.require.LOOK_ALIKE with input as from([payee]) with data.allowlist as {"ETH": value}
	}
}

test_what_is_no_address if {
	every address in [null, true, 1, ["x"], {}] {
		not holds(from([address]))
		not rule.require.LOOK_ALIKE with input as from([address]) with data.allowlist as {"ETH": {payee: {}}}
	}
}

test_absent_member if {
	every path in ["transaction", "transaction/destinations", "transaction/destinations/0/address"] {
		not holds(json.remove(from(["0x9999000000000000000000000000000000009999"]), [path]))
	}
}

test_message_and_values if {
	document := from(["0xabcd999999999999999999999999999999991234"])
	text := rule.message.LOOK_ALIKE with input as document with data.allowlist as lists
	contains(text, $"made to look like {payee}")
	values := rule.values with input as document with data.allowlist as lists
	values.resembled == {payee}
	nothing := rule.message.LOOK_ALIKE with input as json.remove(from(["x"]), ["transaction"]) with data.allowlist as {}
	startswith(nothing, "a destination has no address")
}
