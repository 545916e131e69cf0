/**
 * What becomes of bodies in time: compressed first, pruned after the retention. Rows stay: they have the digests,
 * so that the chain is whole without any body.
 *
 * These run on the writer's connection, between its own transactions, a small one at a time.
 */
import { DEFLATED, deflatedBody } from "./body-encoding.ts";
import { blob, integer, orNull } from "./paged-rows.ts";
import type { Connection } from "./read-connection.ts";
import { firstSince } from "./seek.ts";
import type { Kept } from "./upkeep.ts";

/** What one order does: a decision that comes meanwhile waits for it and for one flush of the disk. */
const COMPRESSED_AT_ONCE = 6;
const PRUNED_AT_ONCE = 32;

/** Both, in their turn: what is to be pruned isn't compressed before. */
export class Retention {
  readonly #connection: Connection;
  #next: number | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param plainBefore, prunedBefore - milliseconds since the epoch. */
  keep(plainBefore: number, prunedBefore: number): Kept {
    const pruned = pruneBodies(this.#connection, prunedBefore, PRUNED_AT_ONCE);
    if (pruned > 0) return { compressed: 0, pruned, done: false };
    this.#next ??= firstPlain(this.#connection);
    const { next, compressed, done } = compressBodies(
      this.#connection,
      this.#next,
      plainBefore,
      COMPRESSED_AT_ONCE,
    );
    this.#next = next;
    return { compressed, pruned: 0, done };
  }
}

/**
 * Prunes the oldest bodies.
 *
 * @param before - milliseconds since the epoch: bodies of earlier entries go.
 * @param limit - at most so many at once, in one transaction.
 * @returns how many went; fewer than `limit` where nothing is left to prune.
 */
export function pruneBodies(database: Connection, before: number, limit: number): number {
  const end = firstSince(database, before);
  return database
    .prepare("DELETE FROM bodies WHERE seq IN (SELECT seq FROM bodies WHERE seq < ? ORDER BY seq LIMIT ?)")
    .run(end, limit).changes;
}

/**
 * Where compressing goes on after a start: bodies are compressed in their order, so that halving finds the first
 * that is not.
 */
export function firstPlain(database: Connection): number {
  const bound = (which: "min" | "max") => {
    const found = database.prepare(`SELECT ${which}(seq) FROM bodies`).raw(true).get();
    return Array.isArray(found) ? (orNull(found[0], integer) ?? 0) : 0;
  };
  const find = database
    .prepare("SELECT seq, encoding FROM bodies WHERE seq >= ? ORDER BY seq LIMIT 1")
    .raw(true);
  let low = bound("min");
  let high = bound("max") + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = find.get(middle);
    if (Array.isArray(found) && (integer(found[1]) & DEFLATED) !== 0)
      low = Math.min(high, integer(found[0]) + 1);
    else high = middle;
  }
  return low;
}

/** @property next - where to go on; @property compressed - bodies that are smaller now. */
export interface Compressed {
  readonly next: number;
  readonly compressed: number;
  readonly done: boolean;
}

/**
 * Compresses older bodies that are stored plain, in one transaction.
 *
 * @param from - the first number to look at: `next` of the call before, or {@link firstPlain}.
 * @param before - milliseconds since the epoch: bodies of earlier entries are compressed.
 * @param limit - bodies to look at in one transaction; each takes about a tenth of a millisecond.
 */
export function compressBodies(
  database: Connection,
  from: number,
  before: number,
  limit: number,
): Compressed {
  const end = firstSince(database, before);
  const rows = database
    .prepare(
      "SELECT seq, encoding, token, document FROM bodies WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?",
    )
    .raw(true)
    .all(from, end, limit);
  const update = database.prepare("UPDATE bodies SET encoding = ?, token = ?, document = ? WHERE seq = ?");
  let compressed = 0;
  let next = from;
  const write = database.transaction(() => {
    for (const columns of rows) {
      if (!Array.isArray(columns)) continue;
      const [seq, encoding, token, document] = columns;
      next = integer(seq) + 1;
      if ((integer(encoding) & DEFLATED) !== 0) continue;
      const body = deflatedBody({
        encoding: integer(encoding),
        token: orNull(token, blob),
        document: orNull(document, blob),
      });
      update.run(body.encoding, body.token, body.document, seq);
      compressed += 1;
    }
  });
  write.immediate();
  return { next, compressed, done: rows.length < limit };
}
