# METADATA
# title: No authorization list
# description: |
#   The transaction carries no authorization (EIP-7702), by which an account would let code act in its name for good.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   requires: {NO_AUTHORIZATION_LIST: deny}
#   optional: [evidence.effects, evidence.effects.*.method, evidence.effects.*.selector]
package rules.transfer.no_authorization_list

import data.lib.effects
import data.lib.evidence

require["NO_AUTHORIZATION_LIST"] if harmless

harmless if evidence.unseen

harmless if {
	effects.seen
	every effect in input.evidence.effects {
		authorizes_nothing(effect)
	}
}

authorizes_nothing(effect) if effect.type in (effects.types - {"admin"})

# Calls have a selector, authorizations a name instead.
authorizes_nothing(effect) if {
	effect.type == "admin"
	is_string(effect.selector)
}

authorizes_nothing(effect) if {
	effect.type == "admin"
	effect.method != "authorization(EIP-7702)"
}

delegates := [object.get(effect, "to", "an address that is not known") |
	some effect in input.evidence.effects
	effect.type == "admin"
	not authorizes_nothing(effect)
]

values["delegates"] := delegates

message["NO_AUTHORIZATION_LIST"] := $"lets {concat(", ", delegates)} act for an account from now on (EIP-7702): do not sign, find out who made it" if {
	count(delegates) > 0
}

message["NO_AUTHORIZATION_LIST"] := "what the bytes do is not known: no authorization to look for" if count(delegates) == 0
