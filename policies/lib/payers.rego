# METADATA
# title: Payers
# description: |
#   Whose history a limit goes by. The wallet is a claim of the request, what the key proves is the address that pays: who
#   makes up a wallet still pays from the same address.
package lib.payers

import data.lib.amount

# METADATA
# description: |
#   The payer of whom history says most, and what it says: the wallet, or one of the addresses. All or nothing: undefined
#   where there is no address, or one of the answers is no amount.
most(wallet, addresses) := {"payer": payer, "past": amount.text(highest)} if {
	count(addresses) > 0
	answers := array.concat([["the wallet", wallet]], addresses)
	counts := [amount.int(past) | some [_, past] in answers]
	count(counts) == count(answers)
	highest := max(counts)
	payer := [name | some [name, past] in answers; amount.int(past) == highest][0]
}
