package tests.message.flagged_funds

import data.rules.message.flagged_funds as rule

limits := {"dust": "1000000", "pooled": "10000000000"}

flag := {"id": "f_1", "severity": "critical", "rule": "deposit/sanctions", "role": "paid_into", "transaction": "t"}

clean := {"known": true, "open": []}

held := {"known": true, "open": [flag]}

signing(effects, answers) := {
	"wallet": {"id": "w"},
	"facts": {"flagged_funds": {"flags": answers}},
	"transaction": {"sources": [{"address": "s1"}]},
	"evidence": {"status": "verified", "effects": effects},
}

moving := [{"type": "permit", "from": "safe", "to": "t"}]

holds(document) if rule.require.FLAGGED_FUNDS with input as document with data.limits.flagged as limits with data.wallets as {}

test_asks_for_the_flags_of_its_sources if {
	rule.facts == {"flags": {"kind": "flags", "by": ["transaction.sources[].address"]}}
}

test_no_flags if holds(signing(moving, {"s1": clean, "safe": clean}))

test_a_flagged_account if {
	every type in ["transfer", "approve", "permit", "operator_grant"] {
		effects := [{"type": type}]
		not holds(signing(effects, {"s1": held, "safe": clean}))
		not holds(signing(effects, {"s1": clean, "safe": held}))
	}
}

test_dust_holds_nothing if {
	dust := {"known": true, "open": [object.union(flag, {"amount": {"usd_micros": "1"}})]}
	holds(signing(moving, {"s1": dust}))
}

test_messages_that_move_nothing if {
	holds(signing([{"type": "call"}], {"s1": held}))
	text := json.remove(signing([], {"s1": held}), ["evidence/effects"])
	holds(object.union(text, {"evidence": {"text": "hello"}}))
	holds(object.union(text, {"evidence": {"status": "unsupported"}}))
	not holds(text)
}

test_absent_member if {
	document := signing(moving, {"s1": clean})
	every path in [
		"facts",
		"facts/flagged_funds",
		"facts/flagged_funds/flags",
		"facts/flagged_funds/flags/s1",
		"facts/flagged_funds/flags/s1/open",
		"transaction",
		"transaction/sources",
		"transaction/sources/0/address",
	] {
		not holds(json.remove(document, [path]))
	}
	holds(json.remove(document, ["wallet"]))
	every path in ["evidence", "evidence/effects", "evidence/effects/0/type"] {
		not holds(json.remove(signing(moving, {"s1": held}), [path]))
	}
}

test_message_names_flag_and_rule if {
	text := rule.message.FLAGGED_FUNDS with input as signing(moving, {"s1": held})
		with data.limits.flagged as limits
		with data.wallets as {}
	startswith(text, "spends what flag f_1 (deposit/sanctions) about s1 holds")
	startswith(rule.message.FLAGGED_FUNDS, "not known which flags are about the account") with input as {}
	values := rule.values with input as signing(moving, {"s1": held}) with data.limits.flagged as limits with data.wallets as {}
	values.flags == [object.union(flag, {"address": "s1"})]
}
