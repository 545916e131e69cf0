# METADATA
# title: No key share signing
# description: |
#   Refuses every key share check. A team that runs them takes this rule out and writes one that approves its
#   own schedule and groups.
# custom:
#   severity: high
#   kinds: [key_share_signing]
#   requires: {KEY_SHARE_SIGNING: deny}
package rules.key.no_key_share_signing

allowed := false

require["KEY_SHARE_SIGNING"] if allowed

values["shares"] := [check.group_id | some check in input.key.share_checks]

message["KEY_SHARE_SIGNING"] := "refused: to allow key share checks, replace rules/key/no_key_share_signing by a rule of your own that approves them"
