package tests.transfer.evidence

import data.rules.transfer.evidence as rule

holds(document, unverified) if {
	rule.require.EVIDENCE_VERIFIED with input as document with data.approve_unverified as unverified
}

test_verified if holds({"evidence": {"status": "verified"}}, false)

test_not_verified if {
	every status in ["absent", "undecodable", "unsupported", "mismatch"] {
		not holds({"evidence": {"status": status}}, false)
	}
}

test_not_verified_but_allowed if {
	holds({"evidence": {"status": "unsupported"}}, true)
	not holds({"evidence": {"status": "mismatch"}}, true)
}

test_never_allowed_where_the_chain_is_decoded if {
	every status in ["absent", "undecodable", "unsupported"] {
		not holds({"evidence": {"status": status, "family": "evm"}}, true)
	}
	not holds({"evidence": {"status": "unsupported", "effects": [{"type": "admin"}]}}, true)
}

test_absent_member if {
	every document in [{}, {"evidence": {}}] {
		not holds(document, false)
		not holds(document, true)
	}
}

test_words_name_the_status_and_the_switch if {
	document := {"evidence": {"status": "unsupported", "differences": []}}
	text := rule.message.EVIDENCE_VERIFIED with input as document
	contains(text, "unsupported")
	contains(text, "approve_unverified")
	rule.values == {"status": "unsupported", "differences": [], "approve_unverified": false} with input as document
		with data.approve_unverified as false
}

test_message_of_a_mismatch_offers_no_way_round if {
	text := rule.message.EVIDENCE_VERIFIED with input as {"evidence": {"status": "mismatch"}}
	contains(text, "do not sign")
	not contains(text, "approve_unverified")
}

test_words_name_the_problem if {
	document := {"evidence": {"status": "undecodable", "problem": "bytes after the transaction"}}
	text := rule.message.EVIDENCE_VERIFIED with input as document
	startswith(text, "the bytes to sign are undecodable, not verified (bytes after the transaction)")
	rule.values.problem == "bytes after the transaction" with input as document
}
