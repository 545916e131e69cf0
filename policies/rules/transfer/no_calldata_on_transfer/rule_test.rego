package tests.transfer.no_calldata_on_transfer

import data.rules.transfer.no_calldata_on_transfer as rule

doing(status, types) := {
	"transaction": {"type": "Withdrawal"},
	"evidence": {"status": status, "effects": [{"type": type} | some type in types]},
}

holds(document) if rule.require.NO_CALLDATA_ON_TRANSFER with input as document

message(document) := text if text := rule.message.NO_CALLDATA_ON_TRANSFER with input as document

test_a_transfer_and_its_fee if {
	every status in ["verified", "mismatch"] {
		holds(doing(status, ["transfer", "fee"]))
		holds(doing(status, ["transfer", "transfer", "fee"]))
		holds(doing(status, ["fee"]))
	}
}

test_anything_else if {
	every type in [
		"approve", "permit", "operator_grant", "admin", "deploy", "delegatecall", "call", "unknown", "swap", "", null,
	] {
		every status in ["verified", "mismatch"] {
			not holds(doing(status, ["transfer", "fee", type]))
			not holds(doing(status, [type]))
		}
	}
}

test_a_contract_is_called_by_the_requests_own_word if {
	holds(object.union(doing("verified", ["call", "fee"]), {"transaction": {"contract": {"address": "0xcc"}}}))
}

test_bytes_that_nobody_read if {
	every status in ["absent", "undecodable", "unsupported"] {
		holds(json.remove(doing(status, []), ["evidence/effects"]))
	}
}

test_no_effects_where_bytes_were_read if {
	every status in ["verified", "mismatch", "", null] {
		not holds(doing(status, []))
		not holds(json.remove(doing(status, []), ["evidence/effects"]))
	}
}

test_absent_member if {
	every path in ["evidence", "evidence/status", "evidence/effects", "evidence/effects/1/type"] {
		not holds(json.remove(doing("verified", ["transfer", "fee"]), [path]))
	}
}

test_words_name_what_is_besides if {
	contains(message(doing("verified", ["transfer", "call"])), "do more: call; do not sign")
	contains(message({}), "not known")
	rule.values == {"type": "Withdrawal", "besides": {"call"}} with input as doing("verified", ["transfer", "call"])
}
