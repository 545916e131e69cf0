/** Ids of what is made for each message: a letter and a ULID, so that they sort by time. */
import { randomFillSync } from "node:crypto";
import { monotonicFactory } from "ulid";

/** The library asks for one random number a character: bytes drawn in bulk keep that off the hot path. */
const POOL_BYTES = 4096;
const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

/** Uniform over 256 steps of [0, 1): a multiple of ULID's 32 letters, so that no letter is favoured. */
function random(): number {
  if (used >= POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const byte = pool[used] ?? 0;
  used += 1;
  return byte / 256;
}

const next = monotonicFactory(random);

/** A new id; later ones of this process sort after earlier ones. */
export function decisionId(): string {
  return `d_${next()}`;
}

/** @see decisionId */
export function pushId(): string {
  return `p_${next()}`;
}

/** Of a push that was judged again. @see decisionId */
export function judgementId(): string {
  return `j_${next()}`;
}

/** @see decisionId */
export function flagId(): string {
  return `g_${next()}`;
}
