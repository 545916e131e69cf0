/** What passes between `writer.ts` and its thread: one order, then its one answer. */
import type { AcceptedPrice, LedgerCode, NewEntry } from "./ledger.ts";
import type { Kept } from "./upkeep.ts";

export interface WriterBoot {
  readonly path: string;
}

/**
 * - `append`: entries, each with its number in the order of the process;
 * - `keep`: shapes, as text, that are to be ready; the answer says whether they are, or the order is to be repeated;
 * - `retain`: bodies of entries before these times are compressed, and pruned: some of them, see `retention.ts`;
 * - `check`: looks through the file for what its entries' hashes don't show;
 * - `probe`: opens the ledger anew and writes, to see whether it can be written again;
 * - `close`: ends the thread.
 */
export type WriterOrder =
  | { readonly type: "append"; readonly entries: readonly OrderedEntry[] }
  | { readonly type: "keep"; readonly shapes: readonly string[] }
  | { readonly type: "prices"; readonly prices: ReadonlyMap<string, AcceptedPrice> }
  | { readonly type: "checkpoint"; readonly seq: number; readonly at: number; readonly statement: string }
  | { readonly type: "retain"; readonly plainBefore: number; readonly prunedBefore: number }
  | { readonly type: "check" }
  | { readonly type: "probe"; readonly full: boolean }
  | { readonly type: "close" };

export interface OrderedEntry {
  readonly order: number;
  readonly entry: NewEntry;
}

/**
 * How an entry's movements were added: `none` where there are none or their signing is known, `all` of what they are,
 * or the `excess` over other signings of their slot.
 */
export type Counting = "none" | "all" | "excess";

/** @property changed - whether a movement that was there before counts otherwise by this entry. */
export interface Written {
  readonly seq: number;
  readonly counted: Counting;
  readonly changed: boolean;
}

/**
 * @property outcomes - of `append`, in its order: what was written, or why this entry can't be.
 * @property ready - of `keep`. @property kept - of `retain`.
 * @property head - the newest entry on the disk; `hash` in hex.
 */
export type WriterAnswer =
  | {
      readonly ok: true;
      readonly outcomes: readonly (Written | string)[];
      readonly ready: boolean;
      readonly kept?: Kept;
      readonly head: { readonly seq: number; readonly hash: string };
    }
  | { readonly ok: false; readonly code: LedgerCode; readonly message: string };
