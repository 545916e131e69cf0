/**
 * Verifies a ledger: the chain from its first entry to its last, what was stated of it, and that everything which
 * is found by other tables is what the chain says. It goes once through the file, page by page, in one snapshot:
 * a server may write meanwhile.
 */
import { chainHash, GENESIS } from "./chain.ts";
import {
  type ChainedEntry,
  type CheckedRow,
  checkedRowSchema,
  ENTRY_SELECT,
  readEntry,
} from "./chained-entry.ts";
import { hexOf, integer, PagedRows, utf8Of } from "./paged-rows.ts";
import { type Problem, Problems } from "./problems.ts";
import { type Connection, inSnapshot, readingError } from "./read-connection.ts";
import { rulesOf } from "./rows.ts";
import { CheckpointVerifier, type Outside } from "./verify-checkpoints.ts";
import { BodyVerifier, verifyColumns } from "./verify-columns.ts";
import { DeepVerifier } from "./verify-deep.ts";
import { MovementVerifier, NameVerifier, RuleVerifier } from "./verify-derived.ts";

/**
 * @property deep - also what takes a look-up a row: the sums of history, the names of transactions both ways, the
 *   wallets of the documents, the file's own structure.
 * @property progress - how many of how many entries are done; called now and then.
 */
export interface VerifyOptions extends Outside {
  readonly deep?: boolean;
  readonly progress?: (done: number, total: number) => void;
}

/**
 * @property rows - entries that were read. @property head - the last of them; absent where there is none.
 * @property anchored - what the anchor says of the newest entry it knows.
 * @property problems - the first hundred. @property found - how many there are.
 */
export interface Verification {
  readonly ok: boolean;
  readonly rows: number;
  readonly head: { readonly seq: number; readonly hash: string; readonly at: number } | undefined;
  readonly anchored: { readonly seq: number; readonly hash: string; readonly at: number } | undefined;
  readonly checkpoints: number;
  readonly movements: number;
  readonly bodies: { readonly checked: number; readonly pruned: number };
  readonly problems: readonly Problem[];
  readonly found: number;
}

const PAGE = 256;
const PROGRESS_ROWS = 4_096;

/**
 * @param database - from `openToRead`. Read anchor and key before: an anchor that is read later may be ahead.
 * @throws LedgerError where the file cannot be read at all; what is wrong in it is a problem of the result.
 */
export function verifyLedger(database: Connection, options: VerifyOptions): Verification {
  return inSnapshot(database, () => walk(database, options));
}

function walk(database: Connection, options: VerifyOptions): Verification {
  const problems = new Problems();
  const chain = new ChainVerifier(problems);
  let parts: Parts | undefined;
  try {
    parts = partsOf(database, options, problems);
    walkThrough(database, chain, parts, problems, options.progress);
  } catch (error) {
    // Whatever stops the reading is what was asked for: a ledger that cannot be read is not a good one.
    const known = readingError(error);
    const message = known instanceof Error ? known.message : "unknown error";
    problems.add(chain.head?.seq ?? 0, `after this entry it cannot be read: ${message}`);
  }
  return {
    ok: problems.count === 0,
    rows: chain.rows,
    head: chain.head,
    anchored: parts?.checkpoints.anchored,
    checkpoints: parts?.checkpoints.count ?? 0,
    movements: parts?.movements.count ?? 0,
    bodies: { checked: parts?.bodies.checked ?? 0, pruned: parts?.bodies.pruned ?? 0 },
    problems: problems.first,
    found: problems.count,
  };
}

/** What goes along with the chain, each through its own table. */
interface Parts {
  readonly checkpoints: CheckpointVerifier;
  readonly bodies: BodyVerifier;
  readonly rules: RuleVerifier;
  readonly names: NameVerifier;
  readonly movements: MovementVerifier;
  readonly deep: DeepVerifier | undefined;
}

function partsOf(database: Connection, options: VerifyOptions, problems: Problems): Parts {
  return {
    checkpoints: new CheckpointVerifier(database, options, problems),
    bodies: new BodyVerifier(database, problems),
    rules: new RuleVerifier(database, problems),
    names: new NameVerifier(database, problems),
    movements: new MovementVerifier(database, problems),
    deep: options.deep === true ? new DeepVerifier(database, problems) : undefined,
  };
}

function walkThrough(
  database: Connection,
  chain: ChainVerifier,
  parts: Parts,
  problems: Problems,
  progress: VerifyOptions["progress"],
): void {
  const { checkpoints, bodies, rules, names, movements, deep } = parts;
  const total = countOf(database);
  const entries = new PagedRows(database, { select: ENTRY_SELECT, key: "seq", size: PAGE }, readEntry);
  for (let entry = entries.take(); entry !== undefined; entry = entries.take()) {
    chain.verify(entry);
    const { seq, hash } = entry;
    checkpoints.verify(seq, () => hexOf(hash));
    const row = rowOf(entry, problems);
    const document = bodies.verify(seq, row);
    if (row?.type === "decision") {
      rules.verify(seq, rulesOf(row));
      names.verify(entry, row);
      movements.verify(entry, row);
      deep?.verify(entry, document);
    } else if (row?.type === "refusal") rules.allow(seq, row.code);
    else if (row?.type === "act" && row.act === "release") movements.releasedBy(seq, row.movements ?? []);
    if (chain.rows % PROGRESS_ROWS === 0) progress?.(chain.rows, total);
  }
  for (const part of [bodies, rules, names, movements]) part.end();
  checkpoints.end(chain.head?.seq ?? 0);
  deep?.end();
  progress?.(chain.rows, total);
}

/** Numbers without gaps, each hash over the one before, time that never falls. */
class ChainVerifier {
  readonly #problems: Problems;
  #seq = 0;
  #hash: Uint8Array = GENESIS;
  #at = 0;
  rows = 0;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  get head(): { seq: number; hash: string; at: number } | undefined {
    return this.rows === 0 ? undefined : { seq: this.#seq, hash: hexOf(this.#hash), at: this.#at };
  }

  verify({ seq, at, row, hash }: ChainedEntry): void {
    if (seq !== this.#seq + 1) {
      const what = seq <= 0 ? "an entry has a number below 1" : missing(this.#seq + 1, seq - 1);
      this.#problems.add(seq, what);
    } else if (Buffer.compare(chainHash(this.#hash, row), hash) !== 0) {
      this.#problems.add(seq, "its hash does not follow: it was edited, or the entry before it was");
    }
    if (at < this.#at) this.#problems.add(seq, "it is earlier than the entry before it");
    // What comes next is held against what stands here: one edited entry is one problem, not all that follow.
    this.#seq = seq;
    this.#hash = hash;
    this.#at = at;
    this.rows += 1;
  }
}

function missing(from: number, to: number): string {
  return from === to
    ? `entry ${from} is missing before it`
    : `entries ${from} to ${to} are missing before it`;
}

function rowOf(entry: ChainedEntry, problems: Problems): CheckedRow | undefined {
  try {
    const row = checkedRowSchema.safeParse(JSON.parse(utf8Of(entry.row)));
    if (row.success) {
      verifyColumns(entry, row.data, problems);
      return row.data;
    }
    const path = row.error.issues[0]?.path.join(".") ?? "";
    problems.add(entry.seq, `its row is not of its type's shape at ${path}`);
  } catch {
    problems.add(entry.seq, "its row is not JSON");
  }
  return undefined;
}

/** For the progress alone: numbers have no gaps where all is well. */
function countOf(database: Connection): number {
  const last = database.prepare("SELECT max(seq) FROM entries").raw(true).get();
  return Array.isArray(last) && last[0] !== null ? integer(last[0]) : 0;
}
