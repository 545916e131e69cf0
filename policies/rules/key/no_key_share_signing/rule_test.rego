package tests.key.no_key_share_signing

import data.rules.key.no_key_share_signing as rule

document := {
	"kind": "key_share_signing",
	"group": "key",
	"key": {"share_checks": [{"group_id": "g1", "message": "00"}, {"group_id": "g2", "message": "01"}]},
}

test_refuses if not rule.require.KEY_SHARE_SIGNING with input as document

test_refuses_without_any_member if not rule.require.KEY_SHARE_SIGNING with input as {}

test_words_say_how_to_allow_it if {
	contains(rule.message.KEY_SHARE_SIGNING, "key/no_key_share_signing") with input as document
	rule.values == {"shares": ["g1", "g2"]} with input as document
}
