# METADATA
# title: Known effects only
# description: |
#   Everything that the message does is understood. An entry of `data.typed_data` may allow a type of which nobody knows
#   what it does, where that is all there is to the message.
# custom:
#   severity: critical
#   kinds: [message_signing]
#   requires: {NO_UNKNOWN_EFFECTS: deny}
#   optional: [evidence.effects, evidence.text, evidence.typed_data]
#   allow_empty: [typed_data, typed_data.*, typed_data.*.*, typed_data.*.*.*]
package rules.message.no_unknown_effects

import data.lib.effects
import data.lib.messages

require["NO_UNKNOWN_EFFECTS"] if harmless

harmless if messages.silent

harmless if effects.without("unknown")

harmless if {
	allows := object.get(messages.entry, "unknown_effects", false)
	allows == true
	effects.only({"unknown"})
}

values["unknown"] := effects.words("unknown")

values["typed_data"] := input.evidence.typed_data

message["NO_UNKNOWN_EFFECTS"] := $"not understood: {words}; it may do anything, do not sign what nobody can read" if {
	words := effects.words("unknown")
	words != ""
}

message["NO_UNKNOWN_EFFECTS"] := "what the message does is not known" if effects.words("unknown") == ""
