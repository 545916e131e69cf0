# METADATA
# title: Messages
# description: What a signed message is, and whether the release lists it.
package lib.messages

import data.lib.amount
import data.lib.effects
import data.lib.evidence

# METADATA
# scope: document
# description: |
#   There is no effect to judge: nobody read the bytes, or they are text for people. Whether such a message may be
#   signed is for the rules `evidence` and `message_texts` to say.
silent if evidence.unseen

silent if textual

# METADATA
# scope: document
# description: The message moves nothing and lets nobody take anything, or has no effect to judge.
moves_nothing if silent

moves_nothing if effects.only({"admin", "deploy", "delegatecall", "call", "unknown", "fee"})

# METADATA
# description: The message is text for people, and nothing else.
textual if {
	input.evidence.status in {"verified", "mismatch"}
	is_string(input.evidence.text)
	not input.evidence.typed_data
	not input.evidence.effects
}

# METADATA
# scope: document
# description: The text stands in `data.message_texts`, or begins with one of `data.message_prefixes`.
text_listed if {
	readable
	data.message_texts[input.evidence.text]
}

text_listed if {
	readable
	some prefix, listed in data.message_prefixes
	listed
	count(prefix) >= shortest_prefix
	startswith(input.evidence.text, prefix)
}

# What is as long as a hash, or is spelled as one, may be the hash of something else.
readable if {
	textual
	is_no_digest
	is_no_spelling
}

is_no_digest if count(encoded) != 44

is_no_digest if trim_right(encoded, "=") != trim_suffix(encoded, "=")

is_no_digest if trim_suffix(encoded, "=") == encoded

# 32 bytes are 44 characters, of which the last is one "=".
encoded := base64.encode(input.evidence.text)

is_no_spelling if count(bare) < 64

is_no_spelling if trim(bare, "0123456789abcdef") != ""

bare := trim_prefix(lower(trim_space(input.evidence.text)), "0x")

# A shorter one would say too little of what follows.
shortest_prefix := 8

# METADATA
# description: |
#   The entry of `data.typed_data` for the domain's chain and contract and for the type of what is signed. Undefined
#   where there is none, and where the domain is of another chain than the request.
entry := found if {
	typed := input.evidence.typed_data
	number := object.get(data.chains[input.transaction.chain], "id", -1)
	amount.int(typed.chain_id) == number
	found := data.typed_data[typed.chain_id][typed.verifying_contract][typed.primary_type]
	found
}
