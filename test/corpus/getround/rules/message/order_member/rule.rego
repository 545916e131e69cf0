# METADATA
# title: Orders do not name the banned spender
# custom:
#   severity: high
#   requires: {ORDER_MEMBER: deny}
package rules.message.order_member

order := json.unmarshal(input.evidence.text)

require["ORDER_MEMBER"] if object.get(order, "spender", "") != "0xdddddddddddddddddddddddddddddddddddddddd"
