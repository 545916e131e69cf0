# METADATA
# title: Suppliers only
# custom:
#   severity: high
#   requires: {SUPPLIERS_ONLY: deny}
package rules.transfer.paid_suppliers

suppliers contains address if {
	some address, entry in data.allowlist[input.transaction.chain]
	entry.role == "supplier"
}

is_supplier if {
	some destination in input.transaction.destinations
	destination.address in suppliers
}

require["SUPPLIERS_ONLY"] if is_supplier
