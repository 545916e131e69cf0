package tests.message.listed_text

import data.rules.message.listed_text as rule

text := {
	"kind": "message_signing",
	"signing": {"algorithm": "ecdsa"},
	"evidence": {"status": "verified", "key": "verified", "text": "I agree."},
}

approves(document) if {
	rule.approve.LISTED_TEXT with input as document
		with data.message_texts as {"I agree.": {"name": "terms"}}
		with data.message_prefixes as {"pay.example ": {"name": "login"}}
		with data.approve_unverified as true
		with data.unsupported_keys as {"secp256k1": false, "ed25519": true}
}

test_listed_and_read if {
	approves(text)
	approves(object.union(text, {"evidence": {"text": "pay.example wants you to sign in, nonce 7"}}))
}

test_not_listed if not approves(object.union(text, {"evidence": {"text": "I agree to all."}}))

test_not_read if {
	every status in ["absent", "undecodable", "unsupported", "mismatch"] {
		not approves(object.union(text, {"evidence": {"status": status}}))
	}
}

test_a_key_that_was_not_verified if {
	every key in ["absent", "unsupported", "mismatch"] {
		not approves(object.union(text, {"evidence": {"key": key}}))
	}
}

test_more_than_a_text if {
	not approves(object.union(text, {"evidence": {"typed_data": {"primary_type": "Permit"}}}))
	not approves(object.union(text, {"evidence": {"effects": [{"type": "unknown"}]}}))
}

test_absent_member if {
	every path in ["evidence", "evidence/status", "evidence/key", "evidence/text"] {
		not approves(json.remove(text, [path]))
	}
}
