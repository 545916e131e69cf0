# METADATA
# title: No deployment
# description: |
#   No contract is created.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   requires: {NO_DEPLOY: deny}
#   optional: [evidence.effects]
package rules.transfer.no_deploy

import data.lib.effects
import data.lib.evidence

require["NO_DEPLOY"] if harmless

harmless if evidence.unseen

harmless if {
	effects.seen
	effects.without("deploy")
}

values["deploys"] := effects.words("deploy")

message["NO_DEPLOY"] := "creates a contract: whoever deploys does it from another wallet" if effects.words("deploy") != ""

message["NO_DEPLOY"] := "what the bytes do is not known: nobody knows whether it creates a contract" if effects.words("deploy") == ""
