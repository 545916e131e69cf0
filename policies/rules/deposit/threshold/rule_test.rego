package tests.deposit.threshold

import data.rules.deposit.threshold as rule

chains := {"TRON": {"confirmations": "19", "memo_required": false}}

success(confirmations, threshold) := {
	"transaction": {"chain": "TRON"},
	"deposit": {"status": "success", "confirmations": confirmations, "threshold": threshold},
}

confirmed(document) if rule.require.CONFIRMATIONS_MISSING with input as document with data.deposits.chains as chains

enough(document) if rule.require.THRESHOLD_LOW with input as document with data.deposits.chains as chains

test_confirmed if {
	every document in [success(27, 27), success(28, 27), success(19, 19)] {
		confirmed(document)
		enough(document)
	}
}

test_fewer_than_the_threshold if {
	every document in [success(26, 27), success(0, 27), success(0, 1)] {
		not confirmed(document)
	}
}

test_a_threshold_below_the_releases if {
	every document in [success(18, 18), success(30, 18), success(30, 1)] {
		confirmed(document)
		not enough(document)
	}
}

test_none_of_none if {
	not confirmed(success(0, 0))
	not enough(success(0, 0))
	not confirmed(success(5, 0))
}

test_not_successful_yet if {
	every status in ["pending", "confirming", "failed", "reverting", "reorganized"] {
		confirmed(object.union(success(0, 0), {"deposit": {"status": status}}))
		enough({"deposit": {"status": status}})
		confirmed({"deposit": {"status": status}})
	}
}

test_what_is_no_number if {
	every value in ["27", null, true, [], {}] {
		not confirmed(object.union(success(27, 27), {"deposit": {"threshold": value}}))
	}
	every value in ["", "-1", 19, null, true] {
		not rule.require.THRESHOLD_LOW with input as success(27, 27) with data.deposits.chains as {"TRON": {"confirmations": value}}
	}
}

test_a_chain_that_the_release_lacks if {
	not enough(object.union(success(27, 27), {"transaction": {"chain": "X"}}))
	confirmed(object.union(success(27, 27), {"transaction": {"chain": "X"}}))
}

# A coin that nobody knows has no chain: another rule says so.
test_no_chain if enough(json.remove(success(27, 27), ["transaction/chain"]))

test_absent_member if {
	every path in ["deposit", "deposit/confirmations", "deposit/threshold"] {
		not confirmed(json.remove(success(27, 27), [path]))
	}
	every path in ["deposit", "deposit/threshold"] {
		not enough(json.remove(success(27, 27), [path]))
	}
}

test_messages_and_values if {
	words := rule.message with input as success(3, 2) with data.deposits.chains as chains
	words.CONFIRMATIONS_MISSING == "success with 3 of 2 confirmations: ask Cobo, and wait for the chain"
	words.THRESHOLD_LOW == "Cobo waits for 2 confirmations, deposits.chains.TRON for 19: wait for the chain"
	none := rule.message with input as {"deposit": {}, "transaction": {"chain": "X"}} with data.deposits.chains as chains
	startswith(none.CONFIRMATIONS_MISSING, "success with an unknown number of an unknown number")
	startswith(none.THRESHOLD_LOW, "no least number of confirmations for X")
	values := rule.values with input as success(3, 2) with data.deposits.chains as chains
	values == {"confirmations": 3, "threshold": 2, "least": "19"}
}
