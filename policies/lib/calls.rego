# METADATA
# title: Calls
# description: Which contracts the bytes call, and how, held against `data.contract_methods` and `data.contracts`.
package lib.calls

import data.lib.effects
import data.lib.own_funds

# METADATA
# description: |
#   Every call is of a method that is listed for its contract, and every address that it is given, as far as its
#   arguments were read, is one that some table of the release knows.
listed if {
	every effect in effects.calls {
		data.contract_methods[input.transaction.chain][effect.to][effect.selector]
		every address in named(effect) {
			is_known(address, effect)
		}
	}
}

# METADATA
# description: The addresses among a call's arguments, in lists and tuples, too.
named(effect) := {address |
	some argument in effect.arguments
	contains(argument.type, "address")
	some [address] in regex.find_all_string_submatch_n(`0x[0-9a-f]+`, argument.value, -1)
	count(address) == 42
}

is_known(address, _) if address in own_funds.sources

is_known(address, _) if data.accounts[input.transaction.chain][address]

is_known(address, _) if data.allowlist[input.transaction.chain][address]

is_known(address, _) if data.spenders[input.transaction.chain][address]

is_known(address, _) if data.contract_methods[input.transaction.chain][address]

is_known(address, _) if address in token_contracts

# What the entry itself admits, such as a pool, or the zero address for no referral.
is_known(address, effect) if {
	entry := data.contract_methods[input.transaction.chain][effect.to][effect.selector]
	admitted := object.get(entry, ["addresses", address], false)
	admitted == true
}

token_contracts contains lower(object.get(token, "contract", "")) if {
	some token in data.tokens
	token.chain == input.transaction.chain
}

# METADATA
# description: The addresses that no table knows.
strangers contains address if {
	some effect in effects.calls
	some address in named(effect)
	not is_known(address, effect)
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
