package tests.transfer.flagged_recipient

import data.rules.transfer.flagged_recipient as rule

flag := {"id": "f_1", "severity": "low", "rule": "deposit/dust", "role": "sender", "transaction": "t"}

clean := {"known": true, "open": []}

flagged := {"known": true, "open": [flag]}

paying(answers, paid) := {
	"facts": {"flagged_recipient": {"flags": answers, "paid": paid}},
	"transaction": {"destinations": [{"address": "d1"}, {"address": "d2"}]},
}

holds(document) if rule.require.FLAGGED_RECIPIENT with input as document

message(document) := text if text := rule.message.FLAGGED_RECIPIENT with input as document

test_asks_for_flags_and_payments_of_its_destinations if {
	by := ["transaction.destinations[].address"]
	rule.facts == {"flags": {"kind": "flags", "by": by}, "paid": {"kind": "count", "by": by}}
}

test_no_flags if {
	holds(paying({"d1": clean, "d2": clean}, {"d1": "0", "d2": "0"}))
	holds(paying({"d1": clean, "d2": {"known": false, "open": []}}, {"d1": "0", "d2": "7"}))
}

test_who_only_ever_sent_dust if {
	not holds(paying({"d1": clean, "d2": flagged}, {"d1": "0", "d2": "0"}))
	not holds(paying({"d1": flagged, "d2": clean}, {"d1": "0", "d2": "0"}))
	not holds(paying({"d1": clean, "d2": flagged}, {"d1": "7", "d2": "0"}))
}

test_whoever_sent_something_worse if {
	every severity in ["high", "critical"] {
		worse := object.union(flag, {"severity": severity, "rule": "deposit/sanctions"})
		not holds(paying({"d1": clean, "d2": {"known": true, "open": [worse]}}, {"d1": "0", "d2": "0"}))
	}
	odd := object.union(flag, {"severity": "medium", "rule": "deposit/usual"})
	holds(paying({"d1": clean, "d2": {"known": true, "open": [odd]}}, {"d1": "0", "d2": "0"}))
}

test_whoever_got_what_nobody_approved if {
	robbed := object.union(flag, {"severity": "critical", "rule": "UNAPPROVED_WITHDRAWAL", "role": "paid_into"})
	not holds(paying({"d1": clean, "d2": {"known": true, "open": [robbed]}}, {"d1": "0", "d2": "0"}))
}

test_one_of_ours_that_got_a_flagged_deposit if {
	got := object.union(flag, {"severity": "critical", "rule": "deposit/sanctions", "role": "paid_into"})
	holds(paying({"d1": clean, "d2": {"known": true, "open": [got]}}, {"d1": "0", "d2": "0"}))
}

test_whoever_was_paid_before if {
	holds(paying({"d1": clean, "d2": flagged}, {"d1": "0", "d2": "1"}))
	holds(paying({"d1": flagged, "d2": flagged}, {"d1": "12", "d2": "1"}))
}

test_somebody_whom_the_bytes_pay if {
	clear := {"d1": clean, "d2": clean, "b": flagged}
	not holds(paying(clear, {"d1": "0", "d2": "0", "b": "0"}))
	holds(paying(clear, {"d1": "0", "d2": "0", "b": "1"}))
}

test_what_is_no_amount if {
	every value in ["", "-1", "1.5", "01", 1, null, true, []] {
		not holds(paying({"d1": clean, "d2": flagged}, {"d1": "0", "d2": value}))
	}
}

test_absent_member if {
	document := paying({"d1": clean, "d2": clean}, {"d1": "0", "d2": "0"})
	every path in [
		"facts",
		"facts/flagged_recipient",
		"facts/flagged_recipient/flags",
		"facts/flagged_recipient/flags/d1",
		"facts/flagged_recipient/flags/d1/open",
		"transaction",
		"transaction/destinations",
		"transaction/destinations/1/address",
	] {
		not holds(json.remove(document, [path]))
	}
	known := paying({"d1": clean, "d2": flagged}, {"d1": "0", "d2": "1"})
	every path in ["facts/flagged_recipient/paid", "facts/flagged_recipient/paid/d2"] {
		not holds(json.remove(known, [path]))
	}
}

test_message_names_flag_and_rule if {
	document := paying({"d1": flagged, "d2": flagged}, {"d1": "1", "d2": "0"})
	startswith(message(document), "never paid before, and flag f_1 (deposit/dust) about d2: compare the whole address")
	startswith(message({}), "not known which flags are about a destination")
	rule.values == {"flags": [object.union(flag, {"address": "d2"})]} with input as document
}
