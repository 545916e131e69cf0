# METADATA
# title: No change of control
# description: |
#   Nothing changes who controls a contract or an account, or which code it runs: owners, roles, upgrades, modules, guards,
#   delegations of an account to code.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   requires: {NO_ADMIN: deny}
#   optional: [evidence.effects]
package rules.transfer.no_admin

import data.lib.effects
import data.lib.evidence

require["NO_ADMIN"] if harmless

harmless if evidence.unseen

harmless if {
	effects.seen
	effects.without("admin")
}

values["admin"] := effects.words("admin")

message["NO_ADMIN"] := $"changes who is in control: {effects.words("admin")}; only in a planned maintenance, by a release of its own" if {
	effects.words("admin") != ""
}

message["NO_ADMIN"] := "what the bytes do is not known: nobody knows whether it changes who is in control" if {
	effects.words("admin") == ""
}
