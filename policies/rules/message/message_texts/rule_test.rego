package tests.message.message_texts

import data.rules.message.message_texts as rule

texts := {"I agree.": {"name": "terms"}, "I sell.": false}

prefixes := {"pay.example wants you to sign in\n": {"name": "login"}, "short": {"name": "too short"}, "revoked.example ": false}

signing(text) := {"kind": "message_signing", "evidence": {"status": "verified", "text": text}}

holds(document) if {
	rule.require.MESSAGE_TEXTS with input as document
		with data.message_texts as texts
		with data.message_prefixes as prefixes
}

message(document) := text if text := rule.message.MESSAGE_TEXTS with input as document

test_listed if {
	holds(signing("I agree."))
	holds(signing("pay.example wants you to sign in\nwith 0xaa, nonce 7"))
}

test_not_listed if {
	every text in [
		"I agree", "I agree.\n", " I agree.", "i agree.", "I sell.", "pay.example wants you to sign in",
		"Pay.example wants you to sign in\nx", "shortest", "short", "revoked.example hello", "", null, 7,
	] {
		not holds(signing(text))
	}
}

test_what_looks_like_a_hash_is_never_signed if {
	hash := "0x282d8aa485030ca6d1079c4c28e3a77ac20148767821268810f761aed679d636"
	every text in [
		hash, substring(hash, 2, 64), upper(hash), concat("", [" ", hash, "\n"]), concat("", [hash, "ff"]),
		"thirty-two bytes are a hash too.", "zweiunddreissig Bytes, mit ä ok",
	] {
		found := {true |
			rule.require.MESSAGE_TEXTS with input as signing(text)
				with data.message_texts as {text: {"name": "mistake"}}
				with data.message_prefixes as {substring(text, 0, 20): {"name": "mistake"}}
		}
		count(found) == 0
	}
}

test_what_is_longer_or_shorter_than_a_hash if {
	every text in ["thirty-one bytes are not a hash", "thirty-three bytes are not a hash", "0x282d8aa485"] {
		rule.require.MESSAGE_TEXTS with input as signing(text)
			with data.message_texts as {text: {"name": "meant"}}
			with data.message_prefixes as {}
	}
}

test_other_messages_are_judged_elsewhere if {
	every status in ["absent", "undecodable", "unsupported"] {
		holds({"kind": "message_signing", "evidence": {"status": status}})
	}
	holds({"evidence": {"status": "verified", "typed_data": {"primary_type": "Permit"}}})
}

test_a_text_that_does_something_is_none if {
	not holds(object.union(signing("I agree."), {"evidence": {"effects": [{"type": "call"}]}}))
}

test_absent_member if {
	every path in ["evidence", "evidence/status", "evidence/text"] {
		not holds(json.remove(signing("I agree."), [path]))
	}
}

test_words_give_the_beginning if {
	startswith(message(signing("I sell.\nall")), `not in data.message_texts: "I sell.\nall"; a text`)
	startswith(message({}), "the message is no readable text")
	rule.values == {"text": "I sell."} with input as signing("I sell.")
}
