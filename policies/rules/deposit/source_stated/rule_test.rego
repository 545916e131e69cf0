package tests.deposit.source_stated

import data.rules.deposit.source_stated as rule

holds(document) if rule.require.SOURCE_STATED with input as document

test_stated if {
	holds({"deposit": {"sources": [{"address": "s1"}]}})
	holds({"transaction": {"sources": [{"address": "s1"}]}})
}

test_not_stated if {
	every document in [
		{},
		{"deposit": {}, "transaction": {}},
		{"deposit": {"sources": []}, "transaction": {"sources": []}},
		{"deposit": {"sources": [{}]}, "transaction": {"sources": [{"outpoint": "h:0"}]}},
		{"deposit": {"sources": null}, "transaction": {"sources": "s1"}},
	] {
		not holds(document)
	}
}

test_message if startswith(rule.message.SOURCE_STATED, "no sender is stated") with input as {}
