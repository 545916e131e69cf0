# METADATA
# title: No blocked spender stands in the text
# custom:
#   severity: high
#   requires: {NO_SPENDER: deny}
package rules.message.spenders_in_text

require["NO_SPENDER"] if {
	every found in regex.find_all_string_submatch_n(`0x[0-9a-f]{40}`, input.evidence.text, -1) {
		not data.blocked[found[0]]
	}
}
