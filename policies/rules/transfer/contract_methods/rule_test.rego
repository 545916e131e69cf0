package tests.transfer.contract_methods

import data.rules.transfer.contract_methods as rule

list := {"ETH": {"0xc1": {"0xa1903eab": {"name": "submit"}, "0xd0e30db0": false}}, "MNT": {"0xc3": {"0xa1903eab": {"name": "submit"}}}}

fee := {"type": "fee", "asset": "ETH", "from": "0xa1", "amount": {"token": "ETH", "units": "1", "usd_micros": "1"}}

doing(status, effects) := {
	"kind": "transaction_signing",
	"transaction": {"chain": "ETH", "sources": [{"address": "0xa1"}]},
	"evidence": {"status": status, "effects": effects},
}

unread(status) := json.remove(doing(status, [fee]), ["evidence/effects"])

holds(document) if {
	rule.require.CONTRACT_METHODS with input as document
		with data.contract_methods as list
}

words(document) := text if {
	text := rule.message.CONTRACT_METHODS with input as document
		with data.contract_methods as list
}

good := [
	{"type": "call", "to": "0xc1", "selector": "0xa1903eab"},
	{"type": "transfer", "to": "0xc9", "selector": "0xa9059cbb"},
	{"type": "approve", "to": "0xc9", "selector": "0x095ea7b3"},
]

bad := [
	{"type": "call", "to": "0xc9", "selector": "0xa1903eab"},
	{"type": "call", "to": "0xc1", "selector": "0xffffffff"},
	{"type": "call", "to": "0xc1", "selector": "0xd0e30db0"},
	{"type": "call", "to": "0xc3", "selector": "0xa1903eab"},
	{"type": "call", "to": "0xc1"},
	{"type": "call", "selector": "0xa1903eab"},
	{"type": "call"},
]

test_good_effects if {
	every effect in good {
		holds(doing("verified", [effect]))
		holds(doing("verified", [fee, effect]))
		holds(doing("mismatch", [effect, fee]))
	}
	holds(doing("verified", good))
}

own := "0x00000000000000000000000000000000000000a1"

stranger := "0x00000000000000000000000000000000000000b9"

given(arguments) := object.union(
	doing("verified", [{"type": "call", "to": "0xc1", "selector": "0xa1903eab", "arguments": arguments}]),
	{"transaction": {"sources": [{"address": own}]}},
)

to(address) := given([{"type": "uint256", "value": "1"}, {"name": "to", "type": "address", "value": address}])

entry(addresses) := {"ETH": {"0xc1": {"0xa1903eab": {"name": "submit", "addresses": addresses}}}}

test_a_call_that_names_somebody_unknown if {
	not holds(to(stranger))
	not holds(given([{"type": "address[]", "value": $`["{own}","{stranger}"]`}]))
	not holds(given([{"type": "(uint256,address)", "value": $`["1","{stranger}"]`}]))
	not holds(json.remove(to(own), ["transaction/sources"]))
	contains(words(to(stranger)), stranger)
	holds(to(own))
	holds(given([{"type": "address[]", "value": $`["{own}","{own}"]`}]))
	holds(given([{"type": "uint256", "value": "1"}]))
	holds(given([{"type": "(bytes,address)", "value": $`["{stranger}00","{own}"]`}]))
}

test_a_call_that_names_somebody_known if {
	table := {"ETH": {stranger: {"name": "known"}}}
	other := {"MNT": {stranger: {"name": "known"}}}
	rule.require.CONTRACT_METHODS with input as to(stranger) with data.contract_methods as list with data.accounts as table
	rule.require.CONTRACT_METHODS with input as to(stranger) with data.contract_methods as list with data.allowlist as table
	rule.require.CONTRACT_METHODS with input as to(stranger) with data.contract_methods as list with data.spenders as table
	rule.require.CONTRACT_METHODS with input as to(stranger) with data.contract_methods as entry({stranger: true})
	rule.require.CONTRACT_METHODS with input as to("0xdac17f958d2ee523a2206206994597c13d831ec7")
		with data.contract_methods as list
	not elsewhere(other)
	not admitted({stranger: false})
	not admitted({own: true})
}

elsewhere(table) if {
	rule.require.CONTRACT_METHODS with input as to(stranger)
		with data.contract_methods as list
		with data.accounts as table
		with data.allowlist as table
		with data.spenders as table
}

admitted(addresses) if {
	rule.require.CONTRACT_METHODS with input as to(stranger) with data.contract_methods as entry(addresses)
}

test_one_bad_effect if {
	every effect in bad {
		not holds(doing("verified", [effect]))
		not holds(doing("verified", array.concat(good, [effect])))
		not holds(doing("verified", array.concat([effect], good)))
		not holds(doing("mismatch", [fee, effect]))
	}
}

test_bytes_that_nobody_read if {
	every status in ["absent", "undecodable", "unsupported"] {
		holds(unread(status))
	}
	every status in ["verified", "mismatch", "", "VERIFIED", null] {
		not holds(unread(status))
	}
}

test_no_effects_where_bytes_were_read if {
	every effects in [[], {}, null, "none", 0] {
		not holds(doing("verified", effects))
		not holds(doing("mismatch", effects))
	}
}

test_absent_member if {
	document := doing("verified", [fee, good[0]])
	holds(document)
	every path in [
		"evidence",
		"evidence/status",
		"evidence/effects",
		"evidence/effects/1/type",
		"evidence/effects/1/to",
		"evidence/effects/1/selector",
		"transaction/chain",
	] {
		not holds(json.remove(document, [path]))
	}
}

test_words_name_it if {
	contains(words(doing("verified", [fee, bad[0]])), "calls 0xc9 0xa1903eab")
	contains(words(unread("verified")), "not known")
}

test_values_give_what_was_compared if {
	rule.values == {"chain": "ETH", "unlisted": {"0xc9 0xa1903eab"}, "strangers": set()} with input as doing("verified", [fee, bad[0]])
		with data.contract_methods as list
}
