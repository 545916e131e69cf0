package tests.message.evidence

import data.rules.message.evidence as rule

holds(status, unverified) if {
	rule.require.EVIDENCE_VERIFIED with input as {"evidence": {"status": status}} with data.approve_unverified as unverified
}

message(status) := text if text := rule.message.EVIDENCE_VERIFIED with input as {"evidence": {"status": status}}

test_verified if holds("verified", false)

test_not_verified_is_never_signed if {
	every status in ["absent", "undecodable", "unsupported", "mismatch", "", null, true] {
		not holds(status, false)
		not holds(status, true)
	}
}

test_absent_member if {
	every document in [{}, {"evidence": {}}] {
		not rule.require.EVIDENCE_VERIFIED with input as document
	}
}

test_words_name_the_status_and_no_way_round if {
	contains(message("unsupported"), "the message is unsupported")
	contains(message("mismatch"), "do not sign")
	document := {
		"evidence": {"status": "unsupported", "differences": []},
		"transaction": {"destination_type": "Raw_Message_Signature"},
	}
	rule.values == {
		"status": "unsupported",
		"differences": [],
		"destination_type": "Raw_Message_Signature",
	} with input as document
}

test_words_name_the_problem if {
	document := {"evidence": {"status": "undecodable", "problem": "the message is not base64"}}
	text := rule.message.EVIDENCE_VERIFIED with input as document
	startswith(text, "the message is undecodable, not verified (the message is not base64)")
	rule.values.problem == "the message is not base64" with input as document
}
