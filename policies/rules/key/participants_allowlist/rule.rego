# METADATA
# title: Known key groups
# description: |
#   A key is made or reshared only into a group that the release lists: this threshold, these nodes, no more
#   and no fewer.
# custom:
#   severity: critical
#   kinds: [key_generation, key_reshare]
#   mandatory: true
#   requires: {PARTICIPANTS_ALLOWLIST: deny}
#   optional: [key.root_public_key]
#   allow_empty: [key_groups]
package rules.key.participants_allowlist

import data.lib.key_groups

require["PARTICIPANTS_ALLOWLIST"] if key_groups.listed

values["threshold"] := input.key.threshold

values["curve"] := input.key.curve

values["nodes"] := sort(key_groups.nodes)

shape := $"{input.key.threshold} of {count(key_groups.nodes)} nodes on {input.key.curve}"

message["PARTICIPANTS_ALLOWLIST"] := "data.key_groups is empty: list the ceremony under key_groups.<NAME> with threshold and nodes" if {
	data.key_groups == {}
}

message["PARTICIPANTS_ALLOWLIST"] := $"no group of data.key_groups is {shape} with these nodes: list it only if you expect this ceremony" if {
	data.key_groups != {}
}
