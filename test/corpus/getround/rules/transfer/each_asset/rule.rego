# METADATA
# title: Whoever gets an asset is listed for it
# custom:
#   severity: high
#   requires: {ASSET_LISTED: deny}
package rules.transfer.each_asset

require["ASSET_LISTED"] if {
	every effect in input.evidence.effects {
		some destination in input.transaction.destinations
		data.allowlist[effect.asset][destination.address]
	}
}
