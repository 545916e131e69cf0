package tests.deposit.internal

import data.rules.deposit.internal as rule

saying(claim, senders) := {
	"lists": {"own_addresses": {"o1": {}, "o2": {"customer": "7"}}},
	"deposit": {"internal": claim, "sources": [{"address": sender} | some sender in senders]},
}

holds(document) if rule.require.INTERNAL_CLAIM with input as document

message(document) := text if text := rule.message.INTERNAL_CLAIM with input as document

test_internal_from_ours if holds(saying(true, ["o1", "o2"]))

test_external_from_others if {
	holds(saying(false, ["x1", "x2"]))
	holds(saying(false, []))
}

test_internal_from_others if {
	not holds(saying(true, ["x1"]))
	not holds(saying(true, ["o1", "x1"]))
	not holds(saying(true, ["x1", "o1"]))
	not holds(saying(true, []))
}

test_external_from_ours if {
	not holds(saying(false, ["o1"]))
	not holds(saying(false, ["x1", "o2"]))
}

test_neither_is_said if {
	holds(json.remove(saying(true, ["x1"]), ["deposit/internal"]))
	holds(json.remove(saying(true, ["o1"]), ["deposit/internal"]))
}

test_senders_among_the_sources_of_the_transaction if {
	not holds(object.union(saying(true, ["o1"]), {"transaction": {"sources": [{"address": "x1"}]}}))
	not holds(object.union(saying(false, ["x1"]), {"transaction": {"sources": [{"address": "o1"}]}}))
}

test_the_list_is_not_loaded if {
	every document in [saying(true, ["o1"]), saying(false, ["x1"]), json.remove(saying(true, []), ["deposit"])] {
		not holds(json.remove(document, ["lists/own_addresses"]))
		not holds(json.remove(document, ["lists"]))
	}
}

test_absent_member if {
	not holds(json.remove(saying(true, ["o1"]), ["deposit/sources"]))
	holds(json.remove(saying(false, ["x1"]), ["deposit/sources"]))
}

test_messages_and_values if {
	startswith(message(saying(true, ["o1", "x1"])), "said to be internal, but from x1, not in own_addresses")
	startswith(message(saying(true, [])), "said to be internal, but no sender is stated")
	startswith(message(saying(false, ["x1", "o1"])), "said to be external, but from o1, which is ours")
	rule.values == {"internal": true, "senders": {"o1", "x1"}, "ours": {"o1"}} with input as saying(true, ["o1", "x1"])
}
