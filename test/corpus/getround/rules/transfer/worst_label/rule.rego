# METADATA
# title: Nobody is paid whose label is bad
# custom:
#   severity: high
#   requires: {LABELS_CLEAN: deny}
package rules.transfer.worst_label

worst := sort([entry | some entry in input.lists.labels])

bad contains entry if {
	some entry in worst
	entry.kind in {"mixer", "scam"}
}

require["LABELS_CLEAN"] if count(bad) == 0
