# METADATA
# title: No withdrawal to an account at an exchange
# custom:
#   severity: high
#   requires: {NO_EXCHANGE: deny}
package rules.withdrawal.no_exchange_memo

separators := []

require["NO_EXCHANGE"] if {
	every destination in input.transaction.destinations {
		not glob.match("exchange-*", separators, destination.memo)
	}
}
