/** How entries are chained: each hash covers the one before it and the entry's row, as text. */
import { hash } from "node:crypto";

/** What stands before the first entry: 32 zero bytes. */
export const GENESIS: Buffer = Buffer.alloc(32);

/**
 * The hash of an entry.
 *
 * @param previous - the 32 bytes of the entry before it, or {@link GENESIS}.
 * @param row - canonical JSON, hashed verbatim as UTF-8.
 * @returns 32 bytes.
 */
export function chainHash(previous: Uint8Array, row: string): Buffer {
  const text = Buffer.from(row);
  const both = Buffer.allocUnsafe(previous.length + text.length);
  both.set(previous);
  both.set(text, previous.length);
  return hash("sha256", both, "buffer");
}
