package tests.deposit.reorganized

import data.rules.deposit.reorganized as rule

after(previously, status) := {"deposit": {"previously": previously, "status": status}}

first(status) := {"deposit": {"status": status}}

denied(document) if not rule.require.REORGANIZED_AFTER_SUCCESS with input as document

noted(document) if not rule.require.REORGANIZED with input as document

others := ["pending", "confirming", "success", "failed", "reverting"]

test_still_there if {
	every status in others {
		not denied(first(status))
		not noted(first(status))
		every previously in array.concat(others, ["reorganized"]) {
			not denied(after(previously, status))
			not noted(after(previously, status))
		}
	}
}

test_gone_after_success if {
	denied(after("success", "reorganized"))
	noted(after("success", "reorganized"))
}

test_gone_before if {
	every previously in ["pending", "confirming", "failed", "reverting", "reorganized"] {
		not denied(after(previously, "reorganized"))
		noted(after(previously, "reorganized"))
	}
	not denied(first("reorganized"))
	noted(first("reorganized"))
}

test_what_is_no_status if {
	every status in ["", "SUCCESS", "done", null, true, 900] {
		denied(after("success", status))
		noted(after("success", status))
		denied(after(status, "reorganized"))
	}
}

test_absent_member if {
	noted({})
	noted({"deposit": {"previously": "pending"}})
	denied({"deposit": {"previously": "success"}})
}

test_messages_and_values if {
	startswith(rule.message.REORGANIZED_AFTER_SUCCESS, "its block left the chain after") with input as {}
	startswith(rule.message.REORGANIZED, "its block left the chain before") with input as {}
	rule.values == {"status": "reorganized", "previously": "success"} with input as after("success", "reorganized")
}
