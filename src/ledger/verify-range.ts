/** One range of a ledger, walked once from its first entry to its last, with all that is found by other tables. */
import { messageOf } from "../thrown.ts";
import { chainHash, GENESIS } from "./chain.ts";
import { type ChainedEntry, ENTRY_SELECT, readEntry } from "./chained-entry.ts";
import { type CheckedRow, checkRow } from "./checked-row.ts";
import { PagedRows, utf8Of } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import { type Connection, readingError } from "./read-connection.ts";
import { rulesOf } from "./rows.ts";
import { BodyVerifier, verifyColumns } from "./verify-columns.ts";
import { verifyWallet } from "./verify-deep.ts";
import { NameVerifier, RuleVerifier } from "./verify-derived.ts";
import { FlagVerifier } from "./verify-flags.ts";
import { MovementVerifier, TransitionVerifier } from "./verify-movements.ts";
import { NamedVerifier } from "./verify-named.ts";
import { type EntryRange, entryBefore, Span } from "./verify-span.ts";

/**
 * What a range has, besides its problems.
 *
 * @property head - its last entry; absent where it has none.
 * @property counts - see `verify-named.ts`; absent where it could not be read to its end.
 */
export interface RangeFindings {
  readonly rows: number;
  readonly head: { readonly seq: number; readonly hash: string; readonly at: number } | undefined;
  readonly movements: number;
  readonly bodies: { readonly checked: number; readonly pruned: number };
  readonly counts: NamedVerifier["counts"] | undefined;
}

const PAGE = 256;
const PROGRESS_ROWS = 4_096;

/** @param progress - called now and then with how many entries were read since. */
export function verifyRange(
  database: Connection,
  range: EntryRange,
  deep: boolean,
  problems: Problems,
  progress: (rows: number) => void,
): RangeFindings {
  const walk = new RangeWalk(database, range, deep, problems);
  try {
    walk.run(progress);
  } catch (error) {
    // Whatever stops the reading is what was asked for: a ledger that cannot be read is not a good one.
    const known = readingError(error);
    const message = messageOf(known);
    problems.add(walk.seq, `after this entry it cannot be read: ${message}`);
  }
  return walk.findings();
}

class RangeWalk {
  readonly #database: Connection;
  readonly #range: EntryRange;
  readonly #deep: boolean;
  readonly #problems: Problems;
  #bodies: BodyVerifier | undefined;
  #movements: MovementVerifier | undefined;
  #chain: ChainVerifier | undefined;
  #counts: NamedVerifier["counts"] | undefined;

  constructor(database: Connection, range: EntryRange, deep: boolean, problems: Problems) {
    this.#database = database;
    this.#range = range;
    this.#deep = deep;
    this.#problems = problems;
  }

  /** The entry that was read last. */
  get seq(): number {
    return this.#chain?.head.seq ?? Math.max(0, this.#range.after);
  }

  run(progress: (rows: number) => void): void {
    const [database, problems] = [this.#database, this.#problems];
    const chain = new ChainVerifier(entryBefore(database, this.#range), problems);
    this.#chain = chain;
    const span = new Span(database, this.#range);
    const bodies = new BodyVerifier(database, span, problems);
    this.#bodies = bodies;
    const movements = new MovementVerifier(database, span, problems);
    this.#movements = movements;
    const rules = new RuleVerifier(database, span, problems);
    const names = new NameVerifier(database, problems);
    const named = new NamedVerifier(database, problems);
    const flags = new FlagVerifier(database, span, problems);
    const transitions = new TransitionVerifier(database, span, problems);
    const query = { ...span.entries, select: ENTRY_SELECT, key: "seq", size: PAGE };
    const entries = new PagedRows(database, query, readEntry);
    for (let entry = entries.take(); entry !== undefined; entry = entries.take()) {
      const { seq } = entry;
      chain.verify(entry);
      const row = this.#rowOf(entry);
      const document = bodies.verify(seq, row);
      if (row !== undefined) {
        names.verify(entry, row);
        transitions.verify(seq, row);
        flags.verify(entry, row);
        named.verify(seq, row);
      }
      if (row?.type === "decision") rules.verify(seq, rulesOf(row));
      else if (row?.type === "refusal") rules.allow(seq, row.code);
      if (row?.type === "decision" || row?.type === "push") movements.verify(entry, row);
      if (this.#deep && document !== undefined && row?.type === "decision") {
        verifyWallet(entry, document, problems);
      }
      if (chain.rows % PROGRESS_ROWS === 0) progress(PROGRESS_ROWS);
    }
    for (const part of [bodies, rules, names, movements, transitions, flags, named]) part.end();
    this.#counts = named.counts;
    progress(chain.rows % PROGRESS_ROWS);
  }

  findings(): RangeFindings {
    const { rows = 0, head } = this.#chain ?? {};
    return {
      rows,
      head: rows === 0 ? undefined : head,
      movements: this.#movements?.count ?? 0,
      bodies: { checked: this.#bodies?.checked ?? 0, pruned: this.#bodies?.pruned ?? 0 },
      counts: this.#counts,
    };
  }

  #rowOf(entry: ChainedEntry): CheckedRow | undefined {
    const row = checkRow(utf8Of(entry.row));
    if (typeof row !== "string") {
      verifyColumns(entry, row, this.#problems);
      return row;
    }
    this.#problems.add(entry.seq, row);
    return undefined;
  }
}

/** Numbers without gaps, each hash over the one before, time that never falls. */
class ChainVerifier {
  readonly #problems: Problems;
  #seq: number;
  #at: number;
  #hash: Uint8Array;
  rows = 0;

  /** @param before - the entry before the first, as it stands there. */
  constructor(before: ReturnType<typeof entryBefore>, problems: Problems) {
    this.#problems = problems;
    this.#seq = before?.seq ?? 0;
    this.#at = before?.at ?? 0;
    this.#hash = before === undefined ? GENESIS : Buffer.from(before.hash, "hex");
  }

  get head(): { readonly seq: number; readonly hash: string; readonly at: number } {
    return { seq: this.#seq, hash: Buffer.from(this.#hash).toString("hex"), at: this.#at };
  }

  verify({ seq, at, row, hash }: ChainedEntry): void {
    const wanted = chainHash(this.#hash, row);
    const follows = wanted.toString("hex") === hash;
    if (seq !== this.#seq + 1) {
      const what = seq <= 0 ? "an entry has a number below 1" : missing(this.#seq + 1, seq - 1);
      this.#problems.add(seq, what);
    } else if (!follows) {
      this.#problems.add(seq, "its hash does not follow: it was edited, or the entry before it was");
    }
    if (at < this.#at) this.#problems.add(seq, "it is earlier than the entry before it");
    // What comes next is held against what stands here: one edited entry is one problem, not all that follow.
    this.#seq = seq;
    this.#hash = follows ? wanted : Buffer.from(hash, "hex");
    this.#at = at;
    this.rows += 1;
  }
}

function missing(from: number, to: number): string {
  return from === to
    ? `entry ${from} is missing before it`
    : `entries ${from} to ${to} are missing before it`;
}
