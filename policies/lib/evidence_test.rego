package tests.lib.evidence

import data.lib.evidence

acceptable(status, unverified) if {
	evidence.acceptable with input as {"evidence": {"status": status}} with data.approve_unverified as unverified
}

test_verified_is_acceptable if {
	acceptable("verified", false)
	acceptable("verified", true)
}

test_unseen_is_not_acceptable_by_default if {
	every status in ["absent", "undecodable", "unsupported", "mismatch"] {
		not acceptable(status, false)
	}
}

test_unseen_is_acceptable_where_the_release_says_true if {
	every status in ["absent", "undecodable", "unsupported"] {
		acceptable(status, true)
	}
}

test_what_could_be_read_is_not_acceptable_unread if {
	every status in ["absent", "undecodable", "unsupported"] {
		not allowed({"status": status, "family": "evm"})
		not allowed({"status": status, "family": "some new one"})
		not allowed({"status": status, "effects": [{"type": "admin"}]})
		not allowed({"status": status, "family": "tron", "effects": [{"type": "transfer"}]})
		allowed({"status": status, "family": "tron"})
	}
}

allowed(seen) if evidence.acceptable with input as {"evidence": seen} with data.approve_unverified as true

test_why if {
	evidence.why == " (bytes after the transaction)" with input as {"evidence": {"problem": "bytes after the transaction"}}
	evidence.why == "" with input as {"evidence": {}}
	evidence.why == "" with input as {}
}

test_a_mismatch_is_never_acceptable if not acceptable("mismatch", true)

test_only_true_is_true if {
	every unverified in [null, "true", 1, "", {}, [true]] {
		not acceptable("unsupported", unverified)
	}
}

test_without_evidence_nothing_is_acceptable if {
	every document in [{}, {"evidence": {}}, {"evidence": "verified"}] {
		not evidence.acceptable with input as document with data.approve_unverified as true
	}
}
