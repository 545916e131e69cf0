/** The bytes of a message that a request brings in hex. */
import { hexBytes } from "../hex-bytes.ts";
import { Undecodable } from "../undecodable.ts";

/** Longer than what anybody reads before signing; hashing it stays below 10 ms. */
const MAX_BYTES = 131_072;

/**
 * @param message - hex, `0x` optional; empty for a message of no bytes.
 * @throws Undecodable for anything else, and for more than 128 KiB.
 */
export function messageBytes(message: string): Uint8Array {
  const digits = message.startsWith("0x") ? message.slice(2) : message;
  if (digits.length > 2 * MAX_BYTES) throw new Undecodable("the message is longer than 128 KiB");
  return hexBytes(message);
}
