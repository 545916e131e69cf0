# METADATA
# title: Keys
# description: Whether the key that signs is the one of the address that pays.
package lib.keys

import data.lib.evidence

# METADATA
# scope: document
# description: |
#   The address derives from the key, and is the declared source. Where that cannot be derived yet, the release may
#   allow it by `unsupported_keys`, for each curve alone. A key that contradicts the request is never acceptable.
acceptable if input.evidence.key == "verified"

acceptable if {
	input.evidence.key == "unsupported"
	data.unsupported_keys[curve] == true
}

# Who signs unseen bytes does not know what they do: whose they are says nothing more.
acceptable if {
	evidence.unseen
	input.evidence.key in {"unsupported", "absent"}
}

# METADATA
# description: The curve on which the signature is made.
curve := curves[input.signing.algorithm]

curves := {"ecdsa": "secp256k1", "schnorr": "secp256k1", "eddsa": "ed25519"}
