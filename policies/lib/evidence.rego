# METADATA
# title: Evidence
# description: Whether what is to be signed has been seen, or may be signed unseen.
package lib.evidence

# METADATA
# scope: document
# description: |
#   The bytes were decoded and say what the request says; or nobody can read those of such a chain, and the release allows
#   that by `approve_unverified: true`. Bytes that contradict the request are never acceptable, nor are those that were
#   read and could not be compared, nor any of a chain that is decoded: who leaves them out has something to hide.
acceptable if input.evidence.status == "verified"

acceptable if {
	unseen
	data.approve_unverified == true
	not input.evidence.effects
	undecoded
}

undecoded if not input.evidence.family

undecoded if input.evidence.family in {"bitcoin", "tron", "solana", "cosmos", "stellar"}

# METADATA
# description: |
#   Nobody read the bytes, so that there is nothing to judge of what they do. Whether they may be signed all the same
#   is for the rules `evidence` alone to say.
unseen if input.evidence.status in {"absent", "undecodable", "unsupported"}

# METADATA
# scope: document
# description: Why the bytes are not verified, for a message; empty where the host doesn't say.
why := $" ({input.evidence.problem})" if input.evidence.problem

why := "" if not input.evidence.problem
