package tests.lib.key_groups

import data.lib.key_groups

groups := {
	"main": {"threshold": 2, "nodes": ["n1", "n2", "n3"]},
	"cold": {"threshold": 3, "nodes": ["n1", "n2", "n3"], "curves": ["ed25519"]},
}

document(threshold, curve, nodes) := {
	"kind": "key_generation",
	"key": {
		"threshold": threshold,
		"curve": curve,
		"participants": [{"node": node} | some node in nodes],
	},
}

reshare(root) := object.union(
	document(2, "secp256k1", ["n1", "n2"]),
	{"kind": "key_reshare", "key": {"root_public_key": root}},
)

for_one_key := {"cold": {
	"threshold": 2,
	"nodes": ["n1", "n2"],
	"kinds": ["key_reshare"],
	"root_public_keys": ["xpubCold"],
}}

test_root_keys_narrow_an_entry if {
	key_groups.listed with input as reshare("xpubCold") with data.key_groups as for_one_key
	not key_groups.listed with input as reshare("xpubHot") with data.key_groups as for_one_key
}

test_a_reshare_without_a_root_key_is_not_listed if {
	unknown := json.remove(reshare("xpubCold"), ["key/root_public_key"])
	not key_groups.listed with input as unknown with data.key_groups as for_one_key
	any_key := json.remove(for_one_key, ["cold/root_public_keys"])
	not key_groups.listed with input as unknown with data.key_groups as any_key
	key_groups.listed with input as reshare("xpubHot") with data.key_groups as any_key
}

test_an_empty_list_of_root_keys_lists_none if {
	none := {"cold": object.union(json.remove(for_one_key.cold, ["root_public_keys"]), {"root_public_keys": []})}
	not key_groups.listed with input as reshare("xpubCold") with data.key_groups as none
}

test_kinds_narrow_an_entry if {
	made := document(2, "secp256k1", ["n1", "n2"])
	not key_groups.listed with input as made with data.key_groups as for_one_key
	both := json.remove(for_one_key, ["cold/kinds"])
	key_groups.listed with input as made with data.key_groups as both
}

listed(ceremony) if {
	key_groups.listed with input as ceremony with data.key_groups as groups
}

test_listed_in_any_order if {
	listed(document(2, "secp256k1", ["n1", "n2", "n3"]))
	listed(document(2, "ed25519", ["n3", "n1", "n2"]))
}

test_curves_narrow_an_entry if {
	listed(document(3, "ed25519", ["n1", "n2", "n3"]))
	not listed(document(3, "secp256k1", ["n1", "n2", "n3"]))
}

test_another_threshold_is_not_listed if {
	every threshold in [1, 4, "2", null] {
		not listed(document(threshold, "secp256k1", ["n1", "n2", "n3"]))
	}
}

test_another_set_of_nodes_is_not_listed if {
	every nodes in [
		["n1", "n2"],
		["n1", "n2", "n4"],
		["n1", "n2", "n3", "n4"],
		["n1", "n2", "n2"],
		["n1", "n2", "n3", "n3"],
		[],
	] {
		not listed(document(2, "secp256k1", nodes))
	}
}

test_a_node_without_a_name_is_not_skipped if {
	not listed({
		"kind": "key_generation",
		"key": {
			"threshold": 2,
			"curve": "secp256k1",
			"participants": [{"node": "n1"}, {"node": "n2"}, {"node": "n3"}, {"name": "n4"}],
		},
	})
}

test_an_absent_member_is_not_listed if {
	every path in ["kind", "key", "key/threshold", "key/curve", "key/participants", "key/participants/1/node"] {
		not listed(json.remove(document(2, "secp256k1", ["n1", "n2", "n3"]), [path]))
	}
}

test_an_empty_entry_lists_nothing if {
	every entry in [{}, {"threshold": 2}, {"nodes": []}, {"threshold": 2, "nodes": "n1"}] {
		not key_groups.listed with input as document(2, "secp256k1", ["n1"]) with data.key_groups as {"main": entry}
		not key_groups.listed with input as document(2, "secp256k1", []) with data.key_groups as {"main": entry}
	}
}

test_the_empty_table_lists_nothing if {
	not key_groups.listed with input as document(2, "secp256k1", ["n1"]) with data.key_groups as {}
}
