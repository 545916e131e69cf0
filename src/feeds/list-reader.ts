/**
 * Reading a list beside a server that answers: a million rows take seconds, which no request may wait for. The
 * table comes over in shared memory, so that taking it costs nothing, whatever its size.
 */
import { answerOf, startThread } from "../thread.ts";
import { FeedError, problemOf } from "./feed-error.ts";
import { ListTable, type TableMemory } from "./list-table.ts";

export interface ListOrder {
  readonly path: string;
}

export type ListOutcome =
  | { readonly ok: true; readonly memory: TableMemory }
  | { readonly ok: false; readonly problem: string };

/** Rows are read one by one, and the table is not on this heap. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };
const READ_MS = 120_000;

/**
 * A list's table, read in a thread of its own.
 *
 * @param limitMs - how long reading may take.
 * @throws {FeedError} for a file that is no such list, and where the thread fails or takes too long.
 */
export async function readListAside(path: string, limitMs = READ_MS): Promise<ListTable> {
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
    throw new FeedError(`it could not be read: ${problemOf(error)}`);
  }
  if (outcome.ok) return new ListTable(outcome.memory);
  throw new FeedError(outcome.problem);
}
