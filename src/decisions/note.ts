/** Entries that are neither a decision nor a push: what was live, what operators did, what happened to the server. */
import { ulid } from "ulid";
import { canonicalJson } from "../input/canonical-json.ts";
import type { EntryType, NewEntry } from "../ledger/ledger.ts";

/**
 * @param at - milliseconds since the epoch. @param members - what it says.
 * @param id - absent: one that nobody names it by.
 */
export function noteEntry(
  type: EntryType,
  at: number,
  members: Readonly<Record<string, unknown>>,
  id = `e_${ulid()}`,
): NewEntry {
  return { type, id, at, row: canonicalJson({ type, id, at, ...members }) };
}
