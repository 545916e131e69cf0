# METADATA
# title: Orders name no blocked spender
# custom:
#   severity: high
#   requires: {ORDER_SPENDER: deny}
package rules.message.order_spender

order := json.unmarshal(input.evidence.text)

spenders contains lower(order.spender)

require["ORDER_SPENDER"] if {
	every spender in spenders {
		not data.blocked[spender]
	}
}
