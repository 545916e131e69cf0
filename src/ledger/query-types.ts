/** What people ask of the ledger, and what they get (design 3.3). */
import type { Kind } from "../input/document.ts";
import type { MovementState } from "./ledger.ts";
import type { ActRow, DecisionRow, Row } from "./rows.ts";

export const MAX_LIMIT = 500;
export const DEFAULT_LIMIT = 50;

/**
 * Decisions that have all of this.
 *
 * @property since - milliseconds since the epoch, that moment included; @property until - that moment excluded.
 * @property rule - name of a rule or code, of a reason or an alert.
 * @property limit - 1 to {@link MAX_LIMIT}; absent: {@link DEFAULT_LIMIT}.
 * @property cursor - `next` of the page before.
 */
export interface DecisionFilter {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly wallet?: string | undefined;
  readonly outcome?: DecisionRow["outcome"] | undefined;
  readonly rule?: string | undefined;
  readonly request_id?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** @property next - where older ones are; absent where there are none. A page may be short and still have it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** A decision in a list: without what it looked at. */
export type DecisionItem = Pick<
  DecisionRow,
  | "id"
  | "at"
  | "channel"
  | "source"
  | "request_id"
  | "outcome"
  | "action"
  | "reasons"
  | "alerts"
  | "release"
  | "wallet"
  | "answers"
> & { readonly seq: number; readonly kind: Kind };

/**
 * @property number - its own; @property entry - the decision that made it, by its number in the chain.
 * @property signing - what was signed, hex.
 */
export interface MovementItem {
  readonly number: number;
  readonly entry: number;
  readonly signing: string;
  readonly at: number;
  readonly state: MovementState;
  readonly organization?: string;
  readonly project?: string;
  readonly vault?: string;
  readonly wallet?: string;
  readonly chain?: string;
  readonly token?: string;
  readonly sources: readonly string[];
  readonly outpoints: readonly string[];
  readonly destination?: string;
  readonly initiator?: string;
  readonly kind: string;
  readonly direction: "in" | "out";
  readonly units?: string;
  readonly usd_micros?: string;
  readonly nonce?: string;
}

/** An act, or a freeze and the like, with its place in the chain. */
export type ActItem = ActRow & { readonly seq: number };

/** An entry of any type; what it says is its row. */
export interface FullEntry {
  readonly seq: number;
  readonly hash: string;
  readonly entry: Row;
  readonly token?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly request?: string;
}

/**
 * @property decision - its row, whole. @property document - the evaluated document; absent where it was pruned.
 * @property token - as the node signed it; @property claims - of the token, without `package_data`.
 * @property request - the request's text, as `package_data` has it.
 */
export interface FullDecision {
  readonly seq: number;
  readonly hash: string;
  readonly decision: DecisionRow;
  readonly document?: unknown;
  readonly token?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly request?: string;
  readonly movements: readonly MovementItem[];
  readonly acts: readonly ActItem[];
}

/** A transaction, with what was decided of it, what that reserved, and what operators did to it. */
export interface FullTransaction {
  readonly transaction: {
    readonly number: number;
    readonly organization: string;
    readonly names: readonly string[];
  };
  /** Newest first, at most {@link MAX_LIMIT}. */
  readonly decisions: readonly DecisionItem[];
  readonly movements: readonly MovementItem[];
  readonly acts: readonly ActItem[];
}

/** A question that has no answer as it is put: the asker's fault. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly code: "BAD_CURSOR" | "BAD_LIMIT" | "AMBIGUOUS";

  constructor(code: QueryError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
