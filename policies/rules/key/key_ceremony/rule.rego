# METADATA
# title: Key ceremonies
# description: Approves a key generation or reshare into a group that the release lists.
# custom:
#   severity: critical
#   kinds: [key_generation, key_reshare]
#   approves: [KEY_CEREMONY]
#   optional: [key.root_public_key]
#   allow_empty: [key_groups]
package rules.key.key_ceremony

import data.lib.key_groups

approve["KEY_CEREMONY"] if key_groups.listed
