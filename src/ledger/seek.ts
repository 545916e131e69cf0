/** Where in the chain a time is: entries are never earlier than the one before, so that halving finds it. */
import { integer } from "./paged-rows.ts";
import type { Connection } from "./read-connection.ts";

/**
 * The number of the first entry that is not earlier than a time; one behind the last where all are.
 *
 * @param at - milliseconds since the epoch.
 */
export function firstSince(database: Connection, at: number): number {
  const find = database.prepare("SELECT seq, at FROM entries WHERE seq >= ? ORDER BY seq LIMIT 1").raw(true);
  let low = 1;
  let high = lastSeq(database) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = find.get(middle);
    if (Array.isArray(found) && integer(found[1]) < at) low = Math.min(high, integer(found[0]) + 1);
    else high = middle;
  }
  return low;
}

/** The number of the newest entry; 0 where there is none. */
export function lastSeq(database: Connection): number {
  const found = database.prepare("SELECT seq FROM entries ORDER BY seq DESC LIMIT 1").raw(true).get();
  return Array.isArray(found) ? integer(found[0]) : 0;
}
