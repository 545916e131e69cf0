# METADATA
# title: Internal or not
# description: |
#   A deposit that is said to be internal came from addresses in the list `own_addresses`, and one that is said to be external
#   from none of them. Messages that say neither pass. While the list is not loaded, every deposit is flagged.
# custom:
#   severity: medium
#   requires: {INTERNAL_CLAIM: deny}
#   optional: [deposit.internal, deposit.sources, transaction.sources, transaction.sources.*.address]
package rules.deposit.internal

import data.lib.deposits

require["INTERNAL_CLAIM"] if {
	is_object(input.lists.own_addresses)
	as_claimed
}

as_claimed if claims == set()

as_claimed if {
	input.deposit.internal == true
	count(deposits.senders) > 0
	every address in deposits.senders {
		input.lists.own_addresses[address]
	}
}

as_claimed if {
	input.deposit.internal == false
	every address in deposits.senders {
		not input.lists.own_addresses[address]
	}
}

# None where the message says nothing of it.
claims contains input.deposit.internal

ours contains address if {
	some address in deposits.senders
	input.lists.own_addresses[address]
}

values["internal"] := input.deposit.internal

values["senders"] := deposits.senders

values["ours"] := ours

message["INTERNAL_CLAIM"] := $"said to be internal, but from {concat(", ", deposits.senders - ours)}, not in own_addresses: whose is it?" if {
	input.deposit.internal == true
	count(deposits.senders - ours) > 0
}

message["INTERNAL_CLAIM"] := "said to be internal, but no sender is stated: nobody can tell that it is ours" if {
	input.deposit.internal == true
	count(deposits.senders) == 0
}

message["INTERNAL_CLAIM"] := $"said to be external, but from {concat(", ", ours)}, which is ours: is it money that we moved ourselves?" if {
	input.deposit.internal == false
	count(ours) > 0
}
