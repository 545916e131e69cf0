# METADATA
# title: A key is made for the team
# custom:
#   severity: high
#   requires: {TEAM: deny}
package rules.key.team_by_mail

require["TEAM"] if {
	every participant in input.key.participants {
		count(regex.find_all_string_submatch_n(`@corp\.example`, participant.name, -1)) > 0
	}
}
