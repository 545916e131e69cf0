package tests.lib.effects

import data.lib.effects

doing(status, types) := {"evidence": {"status": status, "effects": [{"type": type} | some type in types]}}

test_seen_where_bytes_were_read_and_do_something if {
	effects.seen with input as doing("verified", ["fee"])
	effects.seen with input as doing("mismatch", effects.types)
}

test_not_seen_otherwise if {
	every status in ["absent", "undecodable", "unsupported", "", null] {
		not effects.seen with input as doing(status, ["transfer"])
	}
	every types in [[], ["swap"], ["transfer", "swap"], [""], [null]] {
		not effects.seen with input as doing("verified", types)
	}
	every value in [null, true, "transfer", {}, {"transfer": 1}, [{}], ["transfer"], 7] {
		not effects.seen with input as {"evidence": {"status": "verified", "effects": value}}
	}
	not effects.seen with input as {}
}

test_without_one_type if {
	effects.without("admin") with input as doing("verified", ["transfer", "fee"])
	not effects.without("admin") with input as doing("verified", ["transfer", "admin"])
	not effects.without("admin") with input as doing("verified", ["transfer", "swap"])
	not effects.without("admin") with input as doing("verified", [])
	not effects.without("admin") with input as doing("unsupported", ["transfer"])
}

test_only_some_types if {
	effects.only({"transfer", "fee"}) with input as doing("verified", ["transfer", "fee", "transfer"])
	not effects.only({"transfer", "fee"}) with input as doing("verified", ["transfer", "call"])
	not effects.only({"transfer", "swap"}) with input as doing("verified", ["swap"])
	not effects.only(set()) with input as doing("verified", [])
}

test_lists_by_type if {
	document := doing("verified", effects.types)
	types_of := {
		"transfers": {effect.type | some effect in effects.transfers},
		"grants": {effect.type | some effect in effects.grants},
		"payments": {effect.type | some effect in effects.payments},
		"calls": {effect.type | some effect in effects.calls},
		"delegatecalls": {effect.type | some effect in effects.delegatecalls},
		"fees": {effect.type | some effect in effects.fees},
	} with input as document
	types_of == {
		"transfers": {"transfer"},
		"grants": {"approve", "permit", "operator_grant"},
		"payments": {"transfer", "approve", "permit"},
		"calls": {"call"},
		"delegatecalls": {"delegatecall"},
		"fees": {"fee"},
	}
}

test_words if {
	document := {"evidence": {"effects": [
		{"type": "admin", "method": "swapOwner", "selector": "0xe318b52b", "to": "0xaa"},
		{"type": "admin", "selector": "0xe318b52b"},
		{"type": "admin"},
		{"type": "call", "to": "0xbb"},
	]}}
	effects.words("admin") == "swapOwner to 0xaa; 0xe318b52b; admin" with input as document
	effects.words("deploy") == "" with input as document
}
