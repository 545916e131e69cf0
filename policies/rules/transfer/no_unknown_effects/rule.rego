# METADATA
# title: Known effects only
# description: |
#   Everything that the bytes do is understood. What is not may be anything.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   requires: {NO_UNKNOWN_EFFECTS: deny}
#   optional: [evidence.effects]
package rules.transfer.no_unknown_effects

import data.lib.effects
import data.lib.evidence

require["NO_UNKNOWN_EFFECTS"] if harmless

harmless if evidence.unseen

harmless if {
	effects.seen
	effects.without("unknown")
}

values["unknown"] := effects.words("unknown")

message["NO_UNKNOWN_EFFECTS"] := $"not understood: {effects.words("unknown")}; it may do anything, do not sign what nobody can read" if {
	effects.words("unknown") != ""
}

message["NO_UNKNOWN_EFFECTS"] := "what the bytes do is not known" if effects.words("unknown") == ""
