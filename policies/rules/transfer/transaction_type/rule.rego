# METADATA
# title: Allowed transaction types
# description: The type of the transaction is one that the release allows.
# custom:
#   severity: high
#   kinds: [transaction_signing]
#   requires: {TRANSACTION_TYPE: deny}
package rules.transfer.transaction_type

require["TRANSACTION_TYPE"] if data.transaction_types[input.transaction.type]

values["type"] := input.transaction.type

values["allowed"] := [type | some type, allowed in data.transaction_types; allowed]

message["TRANSACTION_TYPE"] := $"{input.transaction.type} is not allowed: it needs an entry in data.transaction_types and an approve rule of its own"
