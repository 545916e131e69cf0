package tests.withdrawal.made_inside

import data.rules.withdrawal.made_inside as rule

holds(document) if rule.require.MADE_OUTSIDE with input as document

test_inside if {
	every type in ["API", "Web", "App"] {
		holds({"initiator": {"type": type}})
	}
}

test_outside if {
	every type in ["External", "", "api", null, true, 107] {
		not holds({"initiator": {"type": type}})
	}
}

test_absent_member if {
	holds({})
	holds({"initiator": {"id": "somebody"}})
}

test_message_and_values if {
	startswith(rule.message.MADE_OUTSIDE, "made outside Cobo") with input as {}
	rule.values == {"initiator": "External"} with input as {"initiator": {"type": "External"}}
}
