/** What goes between `LedgerQueries` and its thread. */

import type { LedgerCode } from "./ledger.ts";
import type { DecisionFilter, FlagFilter, QueryError } from "./query-types.ts";
import type { StoredPageQuestion } from "./stored-decisions.ts";

export interface QueryBoot {
  readonly file: string;
}

export type Question =
  | { readonly type: "decisions"; readonly filter: DecisionFilter }
  | { readonly type: "decision"; readonly id: string }
  | { readonly type: "flags"; readonly filter: FlagFilter }
  | { readonly type: "open_flags" }
  | { readonly type: "stored_range"; readonly since: number | undefined }
  | { readonly type: "stored_decisions"; readonly page: StoredPageQuestion }
  | { readonly type: "transaction"; readonly name: string; readonly organization?: string | undefined };

export interface NumberedQuestion {
  readonly number: number;
  readonly question: Question;
}

export type Answer =
  | { readonly number: number; readonly ok: true; readonly result: unknown }
  | { readonly number: number; readonly ok: false; readonly fault: Fault };

/** An error that keeps its class across threads. */
export type Fault =
  | { readonly type: "query"; readonly code: QueryError["code"]; readonly message: string }
  | { readonly type: "ledger"; readonly code: LedgerCode; readonly message: string }
  | { readonly type: "other"; readonly message: string };
