package tests.withdrawal.succeeded

import data.rules.withdrawal.succeeded as rule

saying(status) := {"deposit": {"status": status}}

holds(document) if rule.require.FAILED with input as document

test_under_way_or_done if {
	every status in ["pending", "confirming", "success", "reorganized"] {
		holds(saying(status))
	}
}

test_failed if {
	every status in ["failed", "reverting", "", null, true, 901] {
		not holds(saying(status))
	}
}

test_absent_member if {
	not holds({})
	not holds({"deposit": {}})
}

test_message_and_values if {
	failed := {"deposit": {"status": "failed", "failed_reason": "out of gas"}}
	startswith(rule.message.FAILED, "failed: out of gas; its amount counts") with input as failed
	startswith(rule.message.FAILED, "failed: no reason is stated") with input as saying("failed")
	rule.values == {"status": "failed", "failed_reason": "out of gas"} with input as failed
}
