/** ERC-20's `transfer`, by the only bytes that it has. */
import { Undecodable } from "../undecodable.ts";
import type { Hex } from "./call.ts";
import { decodeArguments, selectorOf } from "./calldata.ts";
import { readingOf, signatureOf } from "./methods.ts";
import { Arguments } from "./reading.ts";

const SELECTOR = "0xa9059cbb";

/**
 * @param data - calldata in lower-case hex.
 * @returns undefined where it isn't `transfer(address,uint256)` with exactly these two arguments.
 */
export function transferIn(data: Hex): { readonly to: string; readonly amount: bigint } | undefined {
  const reading = selectorOf(data) === SELECTOR ? readingOf(SELECTOR) : undefined;
  if (reading === undefined) return undefined;
  try {
    const values = new Arguments(decodeArguments(signatureOf(reading).parameters, data));
    return { to: values.address(0), amount: values.uint(1) };
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}
