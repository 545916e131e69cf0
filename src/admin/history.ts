/** What the admin listener asks of the past, and what it says where there is no answer. */
import type { LedgerQueries } from "../ledger/ledger-queries.ts";
import { QueryError } from "../ledger/query-types.ts";
import { onLedger } from "./environment.ts";
import { ProblemError } from "./problem.ts";

export type History = Pick<LedgerQueries, "decisions" | "decision" | "flags" | "openFlags" | "transaction">;

/**
 * Asks the ledger's history.
 *
 * @throws ProblemError 400 for a cursor that is none, 409 for a name that several transactions have, 503 where the
 *   ledger can't be read.
 */
export async function askHistory<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await onLedger(question, "What was decided can't be read now.");
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    if (error.code !== "AMBIGUOUS") throw new ProblemError(400, "cursor: not one of this list.");
    throw new ProblemError(
      409,
      "Several transactions have this name: put transaction:, cobo: or request: in front of it, or name the organization.",
    );
  }
}
