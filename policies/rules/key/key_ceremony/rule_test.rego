package tests.key.key_ceremony

import data.rules.key.key_ceremony as rule

groups := {"main": {"threshold": 2, "nodes": ["n1", "n2", "n3"]}}

ceremony := {
	"kind": "key_generation",
	"key": {
		"threshold": 2,
		"curve": "secp256k1",
		"participants": [{"node": "n3"}, {"node": "n1"}, {"node": "n2"}],
	},
}

holds(document, key_groups) if {
	rule.approve.KEY_CEREMONY with input as document with data.key_groups as key_groups
}

test_listed if holds(ceremony, groups)

test_not_listed if {
	every change in [
		{"threshold": 1},
		{"threshold": 3},
		{"participants": [{"node": "n1"}, {"node": "n2"}]},
		{"participants": [{"node": "n1"}, {"node": "n2"}, {"node": "n4"}]},
	] {
		not holds(object.union(ceremony, {"key": change}), groups)
	}
}

test_empty_table if not holds(ceremony, {})

test_absent_member if {
	every path in ["kind", "key", "key/threshold", "key/curve", "key/participants", "key/participants/0/node"] {
		not holds(json.remove(ceremony, [path]), groups)
	}
}
