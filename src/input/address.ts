/** The one spelling under which an address is compared. */

const EVM_ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** What looks like an EVM address in lower case; anything else as it stands. */
export function foldedAddress(address: string): string {
  return EVM_ADDRESS.test(address) ? address.toLowerCase() : address;
}
