package tests.transfer.replacement

import data.rules.transfer.replacement as rule

movement(to, units) := {"asset": "ETH", "from": "0xa1", "to": to, "amount": {"token": "ETH", "units": units}, "nonce": "7"}

effect(type, to, units) := {
	"type": type,
	"asset": "ETH",
	"from": "0xa1",
	"to": to,
	"amount": {"token": "ETH", "units": units},
}

fee := {"type": "fee", "asset": "ETH", "amount": {"token": "ETH", "units": "1"}}

replacing(how, movements, effects) := {
	"facts": {"replacement": {"movement": movements}},
	"transaction": {
		"nonce": "7",
		"sources": [{"address": "0xa1"}],
		"destinations": [{"address": "0xd1", "amount": {"token": "ETH", "units": "5"}}],
		"replaces": {"how": how, "id": "t-1"},
	},
	"evidence": {"status": "verified", "effects": array.concat(effects, [fee])},
}

unread(document) := object.union(
	json.remove(document, ["evidence/effects"]),
	{"evidence": {"status": "unsupported"}},
)

holds(document) if rule.require.REPLACEMENT with input as document

same := replacing("speed_up", [movement("0xd1", "5")], [effect("transfer", "0xd1", "5")])

again := {"speed_up", "resend"}

test_asks_what_is_replaced if rule.facts == {"movement": {"kind": "movement"}}

test_what_replaces_nothing if {
	holds(json.remove(same, ["transaction/replaces", "facts"]))
	holds(json.remove(same, ["transaction/replaces", "transaction/nonce", "evidence"]))
}

test_the_same_payment_at_the_same_place if {
	every how in again {
		holds(object.union(same, {"transaction": {"replaces": {"how": how}}}))
	}
	every how in ["drop", "", "SpeedUp", null] {
		not holds(object.union(same, {"transaction": {"replaces": {"how": how}}}))
	}
}

test_the_same_payments_in_any_order if {
	movements := [movement("0xd1", "5"), movement("0xd2", "6")]
	effects := [effect("approve", "0xd2", "6"), effect("transfer", "0xd1", "5")]
	holds(replacing("speed_up", movements, effects))
	not holds(replacing("speed_up", movements, [effects[0]]))
	not holds(replacing("speed_up", [movements[0]], effects))
	not holds(replacing("speed_up", [movements[0], movements[0]], [effects[1]]))
}

test_another_payment if {
	every other in [
		effect("transfer", "0xd1", "6"),
		effect("transfer", "0xd2", "5"),
		object.union(effect("transfer", "0xd1", "5"), {"asset": "USDT"}),
		json.remove(effect("transfer", "0xd1", "5"), ["amount"]),
		json.remove(effect("transfer", "0xd1", "5"), ["to"]),
		json.remove(effect("transfer", "0xd1", "5"), ["asset"]),
		{"type": "operator_grant", "asset": "0xcc", "to": "0xd1"},
	] {
		not holds(replacing("speed_up", [movement("0xd1", "5")], [other]))
		not holds(replacing("speed_up", [movement("0xd1", "5")], [other, effect("transfer", "0xd1", "5")]))
	}
}

test_another_place if {
	not holds(object.union(same, {"transaction": {"nonce": "8"}}))
	not holds(replacing(
		"speed_up",
		[movement("0xd1", "5"), object.union(movement("0xd1", "0"), {"nonce": "8"})],
		[effect("transfer", "0xd1", "5")],
	))
}

test_what_moves_nothing if {
	holds(replacing("speed_up", [movement("0xcc", "0")], [{"type": "call", "to": "0xcc"}]))
	holds(replacing("speed_up", [movement("0xcc", "0")], [effect("transfer", "0xcc", "0")]))
}

test_a_replaced_one_that_is_not_known if {
	every movements in [[], {}, null] {
		not holds(replacing("speed_up", movements, []))
		not holds(replacing("drop", movements, []))
	}
	every path in ["amount", "amount/units", "to", "asset", "nonce"] {
		not holds(replacing("speed_up", [json.remove(movement("0xd1", "5"), [path])], [effect("transfer", "0xd1", "5")]))
	}
}

test_dropped if {
	holds(replacing("drop", [movement("0xd1", "5")], []))
	holds(replacing("drop", [movement("0xd1", "5")], [effect("transfer", "0xa1", "0")]))
}

test_dropped_for_something_else if {
	every other in [
		effect("transfer", "0xa1", "1"),
		effect("transfer", "0xd1", "0"),
		effect("approve", "0xa1", "0"),
		{"type": "call", "to": "0xa1"},
		{"type": "transfer", "to": "0xa1"},
		{"type": "transfer", "asset": "ETH", "amount": {"units": "0"}},
	] {
		not holds(replacing("drop", [movement("0xd1", "5")], [other]))
	}
	not holds(object.union(replacing("drop", [movement("0xd1", "5")], []), {"transaction": {"nonce": "8"}}))
}

test_bytes_that_nobody_read if {
	holds(unread(same))
	not holds(object.union(unread(same), {"transaction": {"destinations": [{"address": "0xd1"}]}}))
	not holds(unread(replacing("speed_up", [movement("0xd1", "6")], [])))
	dropped := unread(replacing("drop", [movement("0xd1", "5")], []))
	not holds(dropped)
	holds(object.union(dropped, {"transaction": {"destinations": [{
		"address": "0xa1",
		"amount": {"token": "ETH", "units": "0"},
	}]}}))
	not holds(json.remove(same, ["evidence/effects"]))
}

test_absent_member if {
	holds(same)
	every path in [
		"facts",
		"facts/replacement",
		"facts/replacement/movement",
		"facts/replacement/movement/0/asset",
		"facts/replacement/movement/0/nonce",
		"facts/replacement/movement/0/amount/units",
		"transaction/nonce",
		"transaction/replaces/how",
		"evidence",
		"evidence/status",
		"evidence/effects",
		"evidence/effects/0/type",
		"evidence/effects/0/to",
		"evidence/effects/0/amount/units",
	] {
		not holds(json.remove(same, [path]))
	}
}

test_words_say_what_is_wrong if {
	text := rule.message.REPLACEMENT with input as object.union(same, {"transaction": {"nonce": "8"}})
	startswith(text, "speed_up of t-1, but nonce, token, recipient or amount are others")
	unknown := rule.message.REPLACEMENT with input as json.remove(same, ["facts"])
	startswith(unknown, "replaces a transaction that was never approved here")
	rule.values.paid == [["ETH", "0xd1", "5"]] with input as same
	rule.values.replaced == [movement("0xd1", "5")] with input as same
}
