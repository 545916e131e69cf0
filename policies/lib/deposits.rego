# METADATA
# title: Deposits
# description: What came in, and from whom, as a push message has it.
package lib.deposits

import data.lib.amount

# METADATA
# scope: document
# description: The addresses that it came from, as far as they are stated.
senders contains source.address if some source in input.deposit.sources

senders contains source.address if some source in input.transaction.sources

# METADATA
# scope: document
# description: |
#   Nobody knows how much of its token a destination gets: the token is not in `data.tokens`, or the message counts
#   it otherwise. Those are for the rules `token_known` and `decimals` to say.
uncounted(destination) if not destination.amount.units

# METADATA
# description: What the release expects of deposits of the token. Undefined where nobody wrote it down.
expected(destination) := data.deposits.tokens[destination.amount.token]

# METADATA
# description: The units that a destination gets.
units(destination) := amount.int(destination.amount.units)
