# METADATA
# title: Evidence
# description: Whether what is to be signed has been seen, or may be signed unseen.
package lib.evidence

# METADATA
# scope: document
# description: |
#   The bytes were decoded and say what the request says; or they could not be read and the release allows
#   that by `approve_unverified: true`. Bytes that contradict the request are never acceptable.
acceptable if input.evidence.status == "verified"

acceptable if {
	unseen
	data.approve_unverified == true
}

# METADATA
# description: |
#   Nobody read the bytes, so that there is nothing to judge of what they do. Whether they may be signed all the same
#   is for the rules `evidence` alone to say.
unseen if input.evidence.status in {"absent", "undecodable", "unsupported"}
