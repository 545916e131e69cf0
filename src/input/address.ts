/** The one spelling under which an address is compared. */

const EVM_ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** What looks like an EVM address in lower case; anything else as it stands. */
export function foldedAddress(address: string): string {
  return EVM_ADDRESS.test(address) ? address.toLowerCase() : address;
}

/** Bech32 written in capitals, which BIP-173 allows: a prefix, the separator 1, and letters of its alphabet. */
const CAPITAL_BECH32 = /^[A-Z]{1,83}1[02-9AC-HJ-NP-Z]{6,}$/;

/**
 * The spelling under which lists are looked up: {@link foldedAddress}, and bech32 in lower case, so that nobody gets
 * past a deny list by writing an address in capitals. Documents keep what the request says.
 */
export function listedAddress(address: string): string {
  return CAPITAL_BECH32.test(address) ? address.toLowerCase() : foldedAddress(address);
}
