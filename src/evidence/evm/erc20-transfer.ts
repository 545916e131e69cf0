/** ERC-20's `transfer`, by the only bytes that it has. */

const SELECTOR = "0xa9059cbb";
/** A word of 32 bytes in hex digits; an address fills the last 20. */
const WORD = 64;
const PADDING = "0".repeat(24);

/**
 * @param data - calldata in lower-case hex.
 * @returns undefined where it isn't `transfer(address,uint256)` with exactly these two words: what pads an address is
 *   zero, and nothing follows.
 */
export function transferIn(data: string): { readonly to: string; readonly amount: bigint } | undefined {
  const at = SELECTOR.length;
  if (data.length !== at + 2 * WORD || !data.startsWith(`${SELECTOR}${PADDING}`)) return undefined;
  return {
    to: `0x${data.slice(at + PADDING.length, at + WORD)}`,
    amount: BigInt(`0x${data.slice(at + WORD)}`),
  };
}
