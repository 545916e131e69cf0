package tests.message.flagged_recipient

import data.rules.message.flagged_recipient as rule

flag := {"id": "f_1", "severity": "low", "rule": "deposit/dust", "role": "sender", "transaction": "t"}

clean := {"known": true, "open": []}

flagged := {"known": true, "open": [flag]}

moving := [{"type": "transfer", "to": "t1"}, {"type": "permit", "to": "t2"}, {"type": "call", "to": "c1"}]

paying(effects, answers, paid) := {
	"facts": {"flagged_recipient": {"flags": answers, "paid": paid}},
	"evidence": {"status": "verified", "effects": effects},
}

holds(document) if rule.require.FLAGGED_RECIPIENT with input as document

none := {"t1": "0", "t2": "0"}

test_asks_for_flags_and_payments_of_its_recipients if {
	by := ["transaction.destinations[].address"]
	rule.facts == {"flags": {"kind": "flags", "by": by}, "paid": {"kind": "count", "by": by}}
}

test_no_flags if holds(paying(moving, {"t1": clean, "t2": clean}, none))

test_who_only_ever_sent_dust if {
	not holds(paying(moving, {"t1": flagged, "t2": clean}, none))
	not holds(paying(moving, {"t1": clean, "t2": flagged}, none))
	not holds(paying(moving, {"t1": clean, "t2": clean, "declared": flagged}, object.union(none, {"declared": "0"})))
}

test_whoever_was_paid_before if holds(paying(moving, {"t1": flagged, "t2": clean}, {"t1": "1", "t2": "0"}))

test_messages_that_move_nothing if {
	holds({"evidence": {"status": "verified", "effects": [{"type": "call", "to": "c1"}]}})
	holds({"evidence": {"status": "verified", "text": "hello"}})
	holds({"evidence": {"status": "unsupported"}})
	not holds({"evidence": {"status": "verified"}})
}

test_absent_member if {
	document := paying(moving, {"t1": clean, "t2": clean}, none)
	every path in [
		"facts",
		"facts/flagged_recipient",
		"facts/flagged_recipient/flags",
		"facts/flagged_recipient/flags/t1",
		"facts/flagged_recipient/flags/t1/open",
		"evidence",
		"evidence/status",
		"evidence/effects",
		"evidence/effects/0/type",
		"evidence/effects/0/to",
	] {
		not holds(json.remove(document, [path]))
	}
	known := paying(moving, {"t1": flagged, "t2": clean}, {"t1": "1", "t2": "0"})
	every path in ["facts/flagged_recipient/paid", "facts/flagged_recipient/paid/t1"] {
		not holds(json.remove(known, [path]))
	}
}

test_message_names_flag_and_rule if {
	document := paying(moving, {"t1": clean, "t2": flagged}, none)
	text := rule.message.FLAGGED_RECIPIENT with input as document
	startswith(text, "never paid before, and flag f_1 (deposit/dust) about t2: compare the whole address")
	startswith(rule.message.FLAGGED_RECIPIENT, "not known which flags are about a recipient") with input as {}
	rule.values == {"flags": [object.union(flag, {"address": "t2"})]} with input as document
}
