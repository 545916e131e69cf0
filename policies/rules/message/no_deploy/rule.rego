# METADATA
# title: No deployment
# description: |
#   No contract is created.
# custom:
#   severity: high
#   kinds: [message_signing]
#   requires: {NO_DEPLOY: deny}
#   optional: [evidence.effects, evidence.text, evidence.typed_data]
package rules.message.no_deploy

import data.lib.effects
import data.lib.messages

require["NO_DEPLOY"] if harmless

harmless if messages.silent

harmless if {
	effects.seen
	effects.without("deploy")
}

values["deploys"] := effects.words("deploy")

message["NO_DEPLOY"] := "creates a contract: whoever deploys does it from another wallet" if effects.words("deploy") != ""

message["NO_DEPLOY"] := "what the message does is not known: nobody knows whether it creates a contract" if effects.words("deploy") == ""
