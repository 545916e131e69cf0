package tests.transfer.key

import data.rules.transfer.key as rule

signed(status, key, algorithm) := {
	"evidence": {"status": status, "key": key},
	"signing": {"algorithm": algorithm, "paths": ["m/44/60/0/0/0"]},
}

switches := {"secp256k1": false, "ed25519": true}

holds(document) if rule.require.KEY_VERIFIED with input as document with data.unsupported_keys as switches

message(document) := text if {
	text := rule.message.KEY_VERIFIED with input as document with data.unsupported_keys as switches
}

test_verified if {
	every status in ["verified", "mismatch", "absent", "undecodable", "unsupported"] {
		holds(signed(status, "verified", "ecdsa"))
	}
	holds(json.remove(signed("verified", "verified", "ecdsa"), ["signing"]))
}

test_a_key_that_contradicts if {
	every status in ["verified", "mismatch", "absent", "undecodable", "unsupported"] {
		not holds(signed(status, "mismatch", "eddsa"))
	}
}

test_a_key_that_nobody_derives if {
	every status in ["verified", "mismatch"] {
		holds(signed(status, "unsupported", "eddsa"))
		not holds(signed(status, "unsupported", "ecdsa"))
		not holds(signed(status, "unsupported", "schnorr"))
		not holds(signed(status, "unsupported", "bls"))
		not holds(signed(status, "absent", "eddsa"))
	}
}

test_bytes_that_nobody_read if {
	every status in ["absent", "undecodable", "unsupported"] {
		holds(signed(status, "unsupported", "ecdsa"))
		holds(signed(status, "absent", "ecdsa"))
	}
}

test_only_true_is_true if {
	every value in [null, "true", 1, "", {}, [true], false] {
		found := {true |
			rule.require.KEY_VERIFIED with input as signed("verified", "unsupported", "ecdsa")
				with data.unsupported_keys as {"secp256k1": value}
		}
		count(found) == 0
	}
}

test_absent_member if {
	every path in ["evidence", "evidence/key", "signing", "signing/algorithm"] {
		not holds(json.remove(signed("verified", "unsupported", "eddsa"), [path]))
	}
	not holds(json.remove(signed("unsupported", "unsupported", "ecdsa"), ["evidence/status"]))
}

test_words_say_what_is_wrong if {
	contains(message(signed("verified", "mismatch", "ecdsa")), "not the source's: do not sign")
	contains(message(signed("verified", "unsupported", "schnorr")), "unsupported_keys.secp256k1")
	contains(message(signed("verified", "absent", "ecdsa")), "names no source")
	rule.values == {"key": "unsupported", "paths": ["m/44/60/0/0/0"], "curve": "secp256k1"} with input as signed(
		"verified", "unsupported",
		"ecdsa",
	)
}
