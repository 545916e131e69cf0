# METADATA
# title: The key is the payer's
# description: |
#   The address of the key that signs is the one that the request names as its source, derived from the root key and the
#   path. Where that cannot be derived yet, the release may allow it for a curve.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   mandatory: true
#   requires: {KEY_VERIFIED: deny}
#   optional: [signing.algorithm]
package rules.transfer.key

import data.lib.keys

require["KEY_VERIFIED"] if keys.acceptable

values["key"] := input.evidence.key

values["paths"] := input.signing.paths

values["curve"] := keys.curve

message["KEY_VERIFIED"] := "the key that would sign is not the source's: do not sign, find out who made it" if {
	input.evidence.key == "mismatch"
}

message["KEY_VERIFIED"] := $"nobody can derive whose key signs on {keys.curve}: only unsupported_keys.{keys.curve}: true believes the request" if {
	input.evidence.key == "unsupported"
}

message["KEY_VERIFIED"] := "the request names no source, root key or path: nobody can tell whose key signs" if {
	input.evidence.key == "absent"
}
