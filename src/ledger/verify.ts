/**
 * Verifies a ledger: the chain from its first entry to its last, what was stated of it, and that everything which
 * is found by other tables is what the chain says. A server may write meanwhile.
 *
 * The last entry is read first; what comes after it isn't looked at. Up to there the ledger is split into ranges
 * (`verify-span.ts`), each of which is a task, as is each part that goes deep (`verify-task.ts`); the tasks are done
 * in as many threads as the machine has cores. What only all ranges together show is held against each other here.
 */
import { availableParallelism } from "node:os";
import { messageOf } from "../thrown.ts";
import { type Problem, Problems } from "./problems.ts";
import { type Connection, inSnapshot, openToRead, readingError } from "./read-connection.ts";
import { lastSeq } from "./seek.ts";
import { type Outside, type Stated, verifyCheckpoints } from "./verify-checkpoints.ts";
import { verifyMarks } from "./verify-flags.ts";
import { verifyNamedCounts } from "./verify-named.ts";
import type { RangeFindings } from "./verify-range.ts";
import { type EntryRange, rangesOf } from "./verify-span.ts";
import { doTask, type Findings, type VerifyTask } from "./verify-task.ts";
import { VerifyThreads } from "./verify-threads.ts";

/**
 * @property deep - also what takes a look-up a row: the sums of history, the names of transactions both ways, the
 *   wallets of the documents, the file's own structure.
 * @property progress - how many of how many entries are done; called now and then.
 * @property threads - how many work at once, or the ones that do, which the caller ends; by default, for more than a few
 *   entries, one a core.
 */
export interface VerifyOptions extends Outside {
  readonly deep?: boolean;
  readonly progress?: (done: number, total: number) => void;
  readonly threads?: number | VerifyThreads;
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

/** Fewer entries are verified sooner than threads start. */
const FEW_ENTRIES = 10_000;
const MAX_PROBLEMS = 100;

/**
 * @param file - the ledger's. Read anchor and key before: an anchor that is read later may be ahead.
 * @throws LedgerError where the file cannot be read at all; what is wrong in it is a problem of the result.
 */
export async function verifyLedger(file: string, options: VerifyOptions): Promise<Verification> {
  const database = openToRead(file);
  try {
    const problems = new Problems();
    const plan = inSnapshot(database, () => planOf(database, options, problems));
    const findings = await doAll(file, plan, options);
    const ranges = findings.flatMap(({ range }) => range ?? []);
    verifyCounts(database, ranges, plan.last, problems);
    return merged(plan.stated, ranges, [{ problems: problems.first, found: problems.count }, ...findings]);
  } finally {
    database.close();
  }
}

interface Plan {
  readonly last: number;
  readonly threads: number;
  readonly tasks: readonly VerifyTask[];
  readonly stated: Stated;
}

const DEEP: readonly VerifyTask[] = [{ type: "facts" }, { type: "names" }, { type: "structure" }];

function planOf(database: Connection, options: VerifyOptions, problems: Problems): Plan {
  const deep = options.deep === true;
  let last = Number.MAX_SAFE_INTEGER;
  let threads = 1;
  let ranges: readonly EntryRange[] | undefined;
  let stated: Stated = { count: 0, anchored: undefined };
  try {
    last = lastSeq(database);
    threads = threadsOf(options, last);
    stated = verifyCheckpoints(database, options, last, problems);
    verifyMarks(database, problems);
    ranges = rangesOf(database, last, threads);
  } catch (error) {
    problems.add(0, `it cannot be read: ${problemOf(error)}`);
  }
  ranges ??= rangesOf(database, last, 1);
  const entries = ranges.map((range) => ({ type: "entries", range, deep }) as const);
  // What takes longest begins first.
  return { last, threads, stated, tasks: deep ? [...DEEP, ...entries] : entries };
}

function threadsOf({ threads }: VerifyOptions, last: number): number {
  if (threads instanceof VerifyThreads) return threads.count;
  return threads ?? (last < FEW_ENTRIES ? 1 : availableParallelism());
}

async function doAll(file: string, plan: Plan, { progress, threads }: VerifyOptions): Promise<Findings[]> {
  let done = 0;
  const add = (rows: number) => {
    done += rows;
    // The last call says that all is done.
    if (rows > 0 && done < plan.last) progress?.(done, plan.last);
  };
  const findings = await findingsOf(file, plan, threads, add);
  progress?.(done, done);
  return findings;
}

async function findingsOf(
  file: string,
  { threads, tasks }: Plan,
  given: VerifyOptions["threads"],
  add: (rows: number) => void,
): Promise<Findings[]> {
  if (given instanceof VerifyThreads) return given.do(file, tasks, add);
  if (threads === 1) return tasks.map((task) => doTask(file, task, add));
  const own = new VerifyThreads(threads);
  try {
    return await own.do(file, tasks, add);
  } finally {
    await own.end();
  }
}

/** What all ranges counted of addresses; nothing where one of them could not be read. */
function verifyCounts(
  database: Connection,
  ranges: readonly RangeFindings[],
  last: number,
  problems: Problems,
): void {
  const counts = ranges.flatMap((range) => range.counts ?? []);
  if (counts.length < ranges.length) return;
  const sum = (of: "named" | "governed") => counts.reduce((all, each) => all + each[of], 0);
  try {
    verifyNamedCounts(database, { named: sum("named"), governed: sum("governed") }, last, problems);
  } catch (error) {
    problems.add(0, `the addresses cannot be read: ${problemOf(error)}`);
  }
}

function merged(
  stated: Stated,
  ranges: readonly RangeFindings[],
  findings: readonly Findings[],
): Verification {
  const sum = (of: (range: RangeFindings) => number) => ranges.reduce((all, range) => all + of(range), 0);
  const heads = ranges.flatMap(({ head }) => head ?? []).sort((a, b) => a.seq - b.seq);
  const problems = findings.flatMap((each) => each.problems).sort((a, b) => a.seq - b.seq);
  const found = findings.reduce((all, each) => all + each.found, 0);
  return {
    ok: found === 0,
    rows: sum(({ rows }) => rows),
    head: heads.at(-1),
    anchored: stated.anchored,
    checkpoints: stated.count,
    movements: sum(({ movements }) => movements),
    bodies: { checked: sum(({ bodies }) => bodies.checked), pruned: sum(({ bodies }) => bodies.pruned) },
    problems: problems.slice(0, MAX_PROBLEMS),
    found,
  };
}

function problemOf(error: unknown): string {
  return messageOf(readingError(error));
}
