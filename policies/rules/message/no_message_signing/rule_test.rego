package tests.message.no_message_signing

import data.rules.message.no_message_signing as rule

document := {
	"kind": "message_signing",
	"group": "message",
	"transaction": {"chain": "MNT", "destination_type": "EVM_EIP_712_Signature", "message": "{}"},
	"evidence": {"status": "verified", "key": "verified"},
}

test_refuses if not rule.require.MESSAGE_SIGNING with input as document

test_refuses_without_any_member if not rule.require.MESSAGE_SIGNING with input as {}

test_words_say_how_to_allow_it if {
	contains(rule.message.MESSAGE_SIGNING, "message/no_message_signing") with input as document
	rule.values == {"chain": "MNT", "destination_type": "EVM_EIP_712_Signature"} with input as document
}
