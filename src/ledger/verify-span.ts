/**
 * A ledger in ranges of entries that are verified each by itself, in threads and snapshots of their own.
 *
 * What makes that as good as one walk: entries never change, so that all snapshots have the same ones up to a last
 * one that was read before the first snapshot began; a range begins with the hash that stands at its seam, which
 * the range before verified; each movement's number is in one range. A later snapshot may have more: what belongs to
 * entries behind the last one is not looked at, like these.
 */
import { integer, text } from "./paged-rows.ts";
import type { Connection } from "./read-connection.ts";
import { lastSeq } from "./seek.ts";

/**
 * @property after - the number before its first entry. @property last - of its last entry.
 * @property movementsAfter, movementsLast - likewise, of the movements of these entries.
 * @property isLast - nothing but what was written meanwhile may be behind it.
 */
export interface EntryRange {
  readonly after: number;
  readonly last: number;
  readonly movementsAfter: number;
  readonly movementsLast: number;
  readonly isLast: boolean;
}

/** @param last - the number of the last entry. @param count - how many ranges there shall be, from 1. */
export function rangesOf(database: Connection, last: number, count: number): EntryRange[] {
  const seams = Array.from({ length: count - 1 }, (_, at) => {
    const entry = Math.floor((last * (at + 1)) / count);
    return { entry, movement: lastMovementOf(database, entry) };
  });
  const begin = { entry: Number.MIN_SAFE_INTEGER, movement: Number.MIN_SAFE_INTEGER };
  return [...seams, { entry: last, movement: Number.MAX_SAFE_INTEGER }].map((end, at) => {
    const start = seams[at - 1] ?? begin;
    return {
      ...{ after: start.entry, last: end.entry },
      ...{ movementsAfter: start.movement, movementsLast: end.movement },
      isLast: at === seams.length,
    };
  });
}

/** Movements are numbered in the order of their entries. Where they are not, a range misses what it should have. */
function lastMovementOf(database: Connection, entry: number): number {
  const find = database
    .prepare("SELECT number, entry FROM movements WHERE number >= ? ORDER BY number LIMIT 1")
    .raw(true);
  let low = 0;
  let high = boundOf(database) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = find.get(middle);
    if (Array.isArray(found) && integer(found[1]) <= entry) low = Math.min(high, integer(found[0]) + 1);
    else high = middle;
  }
  return low - 1;
}

function boundOf(database: Connection): number {
  const select = "SELECT number FROM movements ORDER BY number DESC LIMIT 1";
  const [found] = database.prepare(select).raw(true).all().flat();
  return found === undefined ? 0 : integer(found);
}

/** A range in the snapshot that it is read in. */
export class Span {
  readonly #range: EntryRange;
  readonly #head: number;

  constructor(database: Connection, range: EntryRange) {
    this.#range = range;
    this.#head = lastSeq(database);
  }

  /** What a table is read by whose key is an entry's number. */
  get derived(): { readonly after: number; readonly upTo: number } {
    const { after, last, isLast } = this.#range;
    return { after, upTo: isLast ? Number.MAX_SAFE_INTEGER : last };
  }

  get entries(): { readonly after: number; readonly upTo: number } {
    return { after: this.#range.after, upTo: this.#range.last };
  }

  get movements(): { readonly after: number; readonly upTo: number } {
    return { after: this.#range.movementsAfter, upTo: this.#range.movementsLast };
  }

  /** Whether an entry was written after the last one was read. */
  isLater(seq: number): boolean {
    return this.#range.isLast && seq > this.#range.last && seq <= this.#head;
  }
}

/** The entry before a range, as it stands there. */
export function entryBefore(
  database: Connection,
  { after }: EntryRange,
): { readonly seq: number; readonly at: number; readonly hash: string } | undefined {
  const before = database
    .prepare("SELECT seq, at, lower(hex(hash)) FROM entries WHERE seq <= ? ORDER BY seq DESC LIMIT 1")
    .raw(true);
  const [seq, at, hash] = before.all(after).flat();
  if (seq === undefined) return undefined;
  return { seq: integer(seq), at: integer(at), hash: text(hash) };
}
