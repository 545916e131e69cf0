# METADATA
# title: Made inside Cobo
# description: |
#   A withdrawal was made by Cobo's API, web or app, or does not say how. One that was made elsewhere, with the key itself,
#   never asked for a signature here.
# custom:
#   severity: critical
#   requires: {MADE_OUTSIDE: deny}
#   optional: [initiator]
package rules.withdrawal.made_inside

require["MADE_OUTSIDE"] if inside

inside if not input.initiator.type

inside if input.initiator.type in {"API", "Web", "App"}

values["initiator"] := input.initiator.type

message["MADE_OUTSIDE"] := "made outside Cobo (transaction type 107 or 307): a recovery exercise? If nobody knows of one, freeze all and move what is left"
