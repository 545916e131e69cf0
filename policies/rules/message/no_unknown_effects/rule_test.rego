package tests.message.no_unknown_effects

import data.rules.message.no_unknown_effects as rule

listed := {"1": {"0xcc": {
	"Login": {"name": "login", "unknown_effects": true},
	"Order": {"name": "order"},
	"Vote": {"name": "vote", "unknown_effects": "true"},
}}}

chains := {"ETH": {"family": "evm", "id": 1}}

signing(type, effects) := {
	"kind": "message_signing",
	"transaction": {"chain": "ETH"},
	"evidence": {
		"status": "verified",
		"typed_data": {"primary_type": type, "chain_id": "1", "verifying_contract": "0xcc"},
		"effects": [{"type": effect} | some effect in effects],
	},
}

holds(document) if {
	rule.require.NO_UNKNOWN_EFFECTS with input as document with data.typed_data as listed with data.chains as chains
}

message(document) := text if text := rule.message.NO_UNKNOWN_EFFECTS with input as document

test_effects_that_are_known if {
	holds(signing("Order", ["transfer", "permit"]))
	holds(signing("Nobody knows it", ["call"]))
}

test_effects_that_are_not_known if {
	every type in ["Order", "Vote", "Nobody knows it"] {
		not holds(signing(type, ["unknown"]))
		not holds(signing(type, ["transfer", "unknown"]))
	}
	not holds(signing("Order", ["somethingnew"]))
	not holds(signing("Order", []))
}

test_an_entry_may_allow_them_where_there_is_nothing_else if {
	holds(signing("Login", ["unknown"]))
	not holds(signing("Login", ["unknown", "transfer"]))
	not holds(signing("Login", ["unknown", "call"]))
	not holds(object.union(signing("Login", ["unknown"]), {"evidence": {"typed_data": {"chain_id": "5000"}}}))
}

test_messages_without_effects if {
	silent := json.remove(signing("Login", []), ["evidence/effects", "evidence/typed_data"])
	holds(object.union(silent, {"evidence": {"text": "hello"}}))
	every status in ["absent", "undecodable", "unsupported"] {
		holds(object.union(silent, {"evidence": {"status": status}}))
	}
	not holds(silent)
}

test_absent_member if {
	every path in ["evidence", "evidence/status", "evidence/effects", "evidence/effects/0/type"] {
		not holds(json.remove(signing("Order", ["permit"]), [path]))
	}
	every path in [
		"transaction/chain",
		"evidence/typed_data",
		"evidence/typed_data/chain_id",
		"evidence/typed_data/verifying_contract",
		"evidence/typed_data/primary_type",
	] {
		not holds(json.remove(signing("Login", ["unknown"]), [path]))
	}
}

test_words_name_it if {
	contains(message(signing("Order", ["unknown"])), "not understood: unknown")
	contains(message({}), "not known")
	rule.values.typed_data.primary_type == "Order" with input as signing("Order", ["unknown"])
}
