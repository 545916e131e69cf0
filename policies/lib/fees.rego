# METADATA
# title: Fees
# description: What the bytes may cost at most, held against `data.limits.fee`.
package lib.fees

import data.lib.amount
import data.lib.effects

# METADATA
# description: |
#   Each fee is within the cap of the coin or token that it is paid in, and all of them together within the one in
#   dollars.
capped if {
	every fee in effects.fees {
		amount.int(fee.amount.units) <= amount.int(data.limits.fee.native[fee.amount.token])
	}
	worth <= amount.int(data.limits.fee.usd_micros)
}

worth := amount.total(micros) if count(micros) == count(effects.fees)

micros := [fee.amount.usd_micros | some fee in effects.fees]

# METADATA
# description: What was compared.
compared["fees"] := [object.get(fee, "amount", {}) | some fee in effects.fees]

compared["limits"] := data.limits.fee

# METADATA
# scope: document
# description: What is wrong, for people.
words := $"may cost {concat(" and ", stated)}, {dollars} USD; limits.fee: {concat(", ", caps)} units, {usd} USD; wait, or make it anew" if {
	count(stated) > 0
	usd := amount.dollars(data.limits.fee.usd_micros)
}

words := "what it may cost is not known: nothing to hold against limits.fee" if count(stated) == 0

stated := [$"{fee.amount.text} {fee.amount.token}" | some fee in effects.fees]

caps := [object.get(data.limits.fee.native, fee.amount.token, "no") | some fee in effects.fees]

dollars := amount.dollars(amount.text(worth))

dollars := "an unknown number of" if not worth
