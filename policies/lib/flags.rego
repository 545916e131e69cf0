# METADATA
# title: Flags
# description: |
#   What open flags say of those who pay and are paid, held against `data.limits.flagged` and `data.wallets`. An answer is
#   what the fact kind `flags` gives of one address.
package lib.flags

import data.lib.amount

# METADATA
# scope: document
# description: |
#   No open flag keeps what came to the address from being spent: none of a high or critical severity about a deposit into
#   it, unless that was dust or came from a look-alike, or the wallet is a pooled one and the deposit is little beside what
#   it holds.
spendable(answer) if {
	every flag in answer.open {
		lets_spend(flag)
	}
}

lets_spend(flag) if flag.role == "sender"

lets_spend(flag) if is_light(flag)

# What was withdrawn, by whomever, and came in here, is told as a deposit too and flagged as one. Anybody's withdrawal to
# one of our addresses breaks our rules.
lets_spend(flag) if startswith(flag.rule, "withdrawal/")

# These are about who wants to be paid by mistake, not about what came.
lets_spend(flag) if poisons[flag.rule]

lets_spend(flag) if amount.int(flag.amount.usd_micros) < amount.int(data.limits.flagged.dust)

lets_spend(flag) if {
	data.wallets[input.wallet.id].pooled == true
	amount.int(flag.amount.usd_micros) < amount.int(data.limits.flagged.pooled)
}

# METADATA
# scope: document
# description: |
#   No open flag speaks against paying the address: it has sent nothing that was flagged as high or critical, as dust or as
#   a look-alike, and it got nothing by a withdrawal that nobody approved.
payable(answer) if {
	every flag in answer.open {
		lets_pay(flag)
	}
}

lets_pay(flag) if {
	flag.role == "sender"
	is_light(flag)
	not poisons[flag.rule]
}

lets_pay(flag) if {
	flag.role == "paid_into"
	not robberies[flag.rule]
}

is_light(flag) if flag.severity in {"low", "medium"}

# Whoever sends these wants to be paid by mistake, however little it is.
poisons := {"deposit/dust", "deposit/look_alike"}

robberies := {"UNAPPROVED_WITHDRAWAL"}

# METADATA
# description: The flags of a fact's answer that keep an address from being spent from, with the address.
unspendable(answers) := [object.union(flag, {"address": address}) |
	some address, answer in answers
	some flag in answer.open
	not lets_spend(flag)
]

# METADATA
# description: The flags of a fact's answer that speak against paying an address, with the address.
unpayable(answers) := [object.union(flag, {"address": address}) |
	some address, answer in answers
	some flag in answer.open
	not lets_pay(flag)
]

# METADATA
# description: The first three of them in words.
words(found) := concat("; ", array.concat(
	[$"{flag.id} ({flag.rule}) about {flag.address}" | some flag in array.slice(found, 0, 3)],
	[$"{count(found) - 3} more" | count(found) > 3],
))

# METADATA
# description: What is to be done about them.
advice(found) := concat(" and ", [$"`countersign flags resolve {flag.id} --reason …`" | some flag in array.slice(found, 0, 1)])
