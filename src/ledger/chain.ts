/** How entries are chained: each hash covers the one before it and the entry's row, as text. */
import { hash } from "node:crypto";

/** What stands before the first entry: 32 zero bytes. */
export const GENESIS: Buffer = Buffer.alloc(32);

/** What is hashed is put together here: memory of its own for each entry costs as much as the hash. */
let room = Buffer.alloc(64 * 1024);

/**
 * The hash of an entry.
 *
 * @param previous - the 32 bytes of the entry before it, or {@link GENESIS}.
 * @param row - canonical JSON, hashed verbatim as UTF-8: as text, or as these bytes.
 * @returns 32 bytes.
 */
export function chainHash(previous: Uint8Array, row: string | Uint8Array): Buffer {
  const start = previous.length;
  const length = start + (typeof row === "string" ? Buffer.byteLength(row) : row.length);
  if (length > room.length) room = Buffer.alloc(2 * length);
  room.set(previous);
  if (typeof row === "string") room.write(row, start);
  else room.set(row, start);
  return hash("sha256", room.subarray(0, length), "buffer");
}
