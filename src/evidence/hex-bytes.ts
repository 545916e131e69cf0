/** Bytes from a request's hex. */
import { Undecodable } from "./undecodable.ts";

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

/**
 * @param text - `0x` optional.
 * @throws Undecodable for what is not whole bytes of hex: a reader that stops at the first odd character would see
 *   another transaction than the one that is signed.
 */
export function hexBytes(text: string): Uint8Array {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (!HEX.test(digits)) throw new Undecodable("the bytes are not hex");
  return Uint8Array.from(Buffer.from(digits, "hex"));
}
