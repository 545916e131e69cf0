# METADATA
# title: Calls
# description: Which contracts the bytes call, and how, held against `data.contract_methods` and `data.contracts`.
package lib.calls

import data.lib.effects

# METADATA
# description: Every call is of a method that is listed for its contract.
listed if {
	every effect in effects.calls {
		data.contract_methods[input.transaction.chain][effect.to][effect.selector]
	}
}

# METADATA
# description: The calls that are not, as contract and selector.
unlisted contains $"{effect.to} {effect.selector}" if {
	some effect in effects.calls
	not data.contract_methods[input.transaction.chain][effect.to][effect.selector]
}

# METADATA
# description: |
#   Every delegatecall is to a known multisend, whose calls are read one by one. Any other code would act as the
#   account itself.
delegated if {
	every effect in effects.delegatecalls {
		is_multisend(effect.to)
	}
}

# METADATA
# description: The contracts that are none.
strange contains object.get(effect, "to", "an address that is not known") if {
	some effect in effects.delegatecalls
	not is_multisend(effect.to)
}

is_multisend(address) if {
	kind := object.get(data.contracts[input.transaction.chain][address], "kind", "")
	kind == "multisend"
}
