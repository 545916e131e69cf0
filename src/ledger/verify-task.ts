/** The parts of a verification, each of which may be done in a thread of its own, in a snapshot of its own. */
import { messageOf } from "../thrown.ts";
import { type Problem, Problems } from "./problems.ts";
import { type Connection, inSnapshot, openToRead, readingError } from "./read-connection.ts";
import { verifyNames, verifyStructure } from "./verify-deep.ts";
import { verifyFacts } from "./verify-facts.ts";
import { type RangeFindings, verifyRange } from "./verify-range.ts";
import type { EntryRange } from "./verify-span.ts";

/** `entries` is done for each range, the others once where it goes deep. */
export type VerifyTask =
  | { readonly type: "entries"; readonly range: EntryRange; readonly deep: boolean }
  | { readonly type: "names" | "facts" | "structure" };

/** @property problems - the first of them. @property found - how many there are. @property range - of `entries`. */
export interface Findings {
  readonly problems: readonly Problem[];
  readonly found: number;
  readonly range?: RangeFindings;
}

/** What a thread is told: a task, or that there are no more. */
export type VerifyOrder = { readonly file: string; readonly task: VerifyTask } | "end";

/** What a thread says of a task: entries that it read since, and last what it found. */
export type VerifyMessage = { readonly rows: number } | { readonly findings: Findings };

const WHAT = {
  names: "the transactions' names",
  facts: "the sums of history",
  structure: "the file",
} as const;
/** Look-ups are sorted: more memory than this finds no more of their pages again. */
const CACHE_KIB = 8_192;

/** @throws LedgerError where the file cannot be opened; what is wrong in it is found. */
export function doTask(file: string, task: VerifyTask, progress: (rows: number) => void): Findings {
  const database = openToRead(file);
  try {
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    return inSnapshot(database, () => findingsOf(database, task, progress));
  } finally {
    database.close();
  }
}

function findingsOf(database: Connection, task: VerifyTask, progress: (rows: number) => void): Findings {
  const problems = new Problems();
  if (task.type === "entries") {
    const range = verifyRange(database, task.range, task.deep, problems, progress);
    return { problems: problems.first, found: problems.count, range };
  }
  try {
    if (task.type === "names") verifyNames(database, problems);
    else if (task.type === "facts") verifyFacts(database, problems);
    else verifyStructure(database, problems);
  } catch (error) {
    const known = readingError(error);
    const message = messageOf(known);
    problems.add(0, `${WHAT[task.type]} cannot be read: ${message}`);
  }
  return { problems: problems.first, found: problems.count };
}
