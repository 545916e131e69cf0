/**
 * Reading a list beside a server that answers: a million rows take seconds, which no request may wait for. The
 * table comes over in shared memory, so that taking it costs nothing, whatever its size.
 */
import { answerOf, isOutOfMemory, startThread } from "../thread.ts";
import { FeedError, problemOf, UnreadFeedError } from "./feed-error.ts";
import { ListTable } from "./list-table.ts";
import type { ReadList } from "./read-list.ts";

export interface ListOrder {
  readonly path: string;
}

/** @property isFiles - whether the problem is the file's own. */
export type ListOutcome =
  | { readonly ok: true; readonly read: ReadList }
  | { readonly ok: false; readonly isFiles: boolean; readonly problem: string };

/** A list as it is looked into. @property sha256 - of the file that the table was made of, hex. */
export interface ListContent {
  readonly table: ListTable;
  readonly sha256: string;
}

/** Rows are read one by one, and the table is not on this heap. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };
const READ_MS = 120_000;

/**
 * A list's table, read in a thread of its own.
 *
 * @param limitMs - how long reading may take.
 * @throws {FeedError} for a file that is no such list; {@link UnreadFeedError} where it can't be told.
 */
export async function readListAside(path: string, limitMs = READ_MS): Promise<ListContent> {
  const workerData: ListOrder = { path };
  let outcome: ListOutcome;
  try {
    const thread = startThread("#list-reader-worker", {
      workerData,
      name: "list-reader",
      resourceLimits: RESOURCE_LIMITS,
    });
    outcome = await answerOf<ListOutcome>(thread, limitMs);
  } catch (error) {
    const message = `it could not be read: ${problemOf(error)}`;
    // All else that ends the thread may be the machine's fault.
    throw isOutOfMemory(error) ? new FeedError(message) : new UnreadFeedError(message);
  }
  if (outcome.ok) return { table: new ListTable(outcome.read.memory), sha256: outcome.read.sha256 };
  throw outcome.isFiles ? new FeedError(outcome.problem) : new UnreadFeedError(outcome.problem);
}
