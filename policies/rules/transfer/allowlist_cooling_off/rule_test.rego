package tests.transfer.allowlist_cooling_off

import data.rules.transfer.allowlist_cooling_off as rule

now := 1735776000000

hour := 3600000

added(ago) := {"name": "payee", "added_at": json.marshal(now - ago)}

list := {"ETH": {"0xaa": added(24 * hour), "0xbb": added(24 * hour), "0xcc": added((24 * hour) - 1)}}

paying(addresses) := {
	"now": {"ms": now},
	"transaction": {"chain": "ETH", "destinations": [{"address": address} | some address in addresses]},
	"evidence": {"status": "unsupported"},
}

with_effects(document, effects) := object.union(document, {"evidence": {"status": "verified", "effects": effects}})

takers := {"ETH": {"0xs1": added(24 * hour), "0xs2": added(1)}}

holds_after(span, document, allowlist) if {
	rule.require.ALLOWLIST_COOLING_OFF with input as document
		with data.allowlist as allowlist
		with data.spenders as takers
		with data.limits.cooling_off as span
}

holds(document, allowlist) if holds_after("24h", document, allowlist)

message(document, allowlist) := text if {
	text := rule.message.ALLOWLIST_COOLING_OFF with input as document
		with data.allowlist as allowlist
		with data.spenders as takers
		with data.limits.cooling_off as "24h"
}

test_listed_long_enough if {
	holds(paying(["0xaa"]), list)
	holds(paying(["0xaa", "0xbb"]), list)
	holds(paying(["0xaa"]), {"ETH": {"0xaa": {"added_at": "0"}}})
}

test_listed_too_late if {
	not holds(paying(["0xcc"]), list)
	not holds(paying(["0xaa", "0xcc"]), list)
	not holds(paying(["0xaa"]), {"ETH": {"0xaa": added(0)}})
}

test_dated_ahead if {
	not holds(paying(["0xaa"]), {"ETH": {"0xaa": added(-1)}})
	not holds(paying(["0xaa"]), {"ETH": {"0xaa": added(-48 * hour)}})
	not holds_after("0h", paying(["0xaa"]), {"ETH": {"0xaa": added(-1)}})
}

test_another_span if {
	holds_after("0h", paying(["0xaa"]), {"ETH": {"0xaa": added(0)}})
	holds_after("90m", paying(["0xaa"]), {"ETH": {"0xaa": added(2 * hour)}})
	not holds_after("3h", paying(["0xaa"]), {"ETH": {"0xaa": added(2 * hour)}})
}

test_an_entry_that_does_not_say_when if {
	every entry in [
		true, false, {}, "payee", {"name": "payee"}, {"added_at": ""}, {"added_at": 0}, {"added_at": null},
		{"added_at": "2024-01-01"}, {"added_at": "2024-01-01T00:00:00Z"}, {"added_at": "-1"}, {"added_at": "1e3"},
		["0"], {"added_at": ["0"]},
	] {
		not holds(paying(["0xaa"]), {"ETH": {"0xaa": entry}})
	}
}

test_not_listed if {
	not holds(paying(["0xdd"]), list)
	not holds(paying(["0xaa"]), {"BTC": {"0xaa": {"added_at": "0"}}})
	not holds(paying(["0xaa"]), {})
	not holds(paying(["0xaa"]), {"ETH": {}})
}

test_a_span_that_is_none if {
	every span in ["", "24", "1 day", "day", 86400000, 0, null, true, {}] {
		not holds_after(span, paying(["0xaa"]), list)
	}
}

test_what_the_bytes_pay if {
	fee := {"type": "fee"}
	holds(with_effects(paying(["0xaa"]), [fee, {"type": "transfer", "to": "0xbb"}]), list)
	every to in ["0xcc", "0xdd"] {
		not holds(with_effects(paying(["0xaa"]), [fee, {"type": "transfer", "to": to}]), list)
	}
	not holds(with_effects(paying(["0xaa"]), [{"type": "transfer"}]), list)
	not holds(with_effects(paying(["0xaa"]), []), list)
}

test_who_may_take if {
	every type in ["approve", "permit", "operator_grant"] {
		holds(with_effects(paying(["0xaa"]), [{"type": type, "to": "0xs1"}]), list)
		not holds(with_effects(paying(["0xaa"]), [{"type": type, "to": "0xs2"}]), list)
		not holds(with_effects(paying(["0xaa"]), [{"type": type, "to": "0xaa"}]), list)
		not holds(with_effects(paying(["0xaa"]), [{"type": type}]), list)
	}
}

test_what_is_taken_back if {
	holds(with_effects(paying(["0xaa"]), [{"type": "approve", "to": "0xs2", "amount": {"units": "0"}}]), list)
	not holds(with_effects(paying(["0xaa"]), [{"type": "approve", "to": "0xs2", "amount": {"units": "1"}}]), list)
}

test_a_contract_that_is_called if {
	document := object.union(paying(["0xdd"]), {"transaction": {"contract": {"address": "0xdd"}}})
	holds(with_effects(document, [{"type": "fee"}]), list)
	not holds(document, list)
}

test_absent_member if {
	every path in [
		"evidence",
		"evidence/status",
		"now",
		"now/ms",
		"transaction",
		"transaction/chain",
		"transaction/destinations",
		"transaction/destinations/1/address",
	] {
		not holds(json.remove(paying(["0xaa", "0xbb"]), [path]), list)
	}
}

test_message_names_the_fresh_ones if {
	text := message(paying(["0xaa", "0xcc", "0xdd"]), list)
	startswith(text, "listed less than 24h ago: 0xcc;")
}

test_message_names_the_undated_ones if {
	text := message(paying(["0xaa", "0xdd"]), list)
	startswith(text, "no added_at for 0xdd: write it in allowlist.ETH")
}

test_message_without_a_destination if {
	startswith(message({"now": {"ms": now}}, list), "the request has no address or no chain")
}

test_values_name_what_does_not_count_yet if {
	expected := {"chain": "ETH", "fresh": ["0xcc"], "undated": ["0xdd"], "cooling_off": "24h"}
	effects := [{"type": "transfer", "to": "0xcc"}, {"type": "approve", "to": "0xdd"}]
	document := with_effects(paying(["0xaa", "0xcc"]), effects)
	rule.values == expected with input as document
		with data.spenders as takers
		with data.allowlist as list
		with data.limits.cooling_off as "24h"
}
