/** What people ask of the ledger, and what they get (design 3.3). */
import type { Kind } from "../input/document.ts";
import type { MovementState, NewFlag } from "./ledger.ts";
import type { ActRow, DecisionRow, PushRow, Row } from "./rows.ts";

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

/**
 * Flags that have all of this.
 *
 * @property address - what one is about: an address in the spelling of documents, or an outpoint.
 * @property limit, cursor - as of a {@link DecisionFilter}.
 */
export interface FlagFilter {
  readonly state?: "open" | "resolved" | undefined;
  readonly severity?: NewFlag["severity"] | undefined;
  readonly address?: string | undefined;
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

/**
 * @property seq - the entry that raised it, by its number in the chain. @property at - when, milliseconds.
 * @property transaction - the names of its transaction, as that entry has them.
 * @property resolved - by whom and why: an operator, or the server itself, which has no name.
 */
export interface FlagItem extends Omit<NewFlag, "key"> {
  readonly seq: number;
  readonly at: number;
  readonly transaction: readonly string[];
  readonly state: "open" | "resolved";
  readonly resolved?: {
    readonly seq: number;
    readonly at: number;
    readonly by?: string;
    readonly reason?: string;
  };
}

/**
 * What a document says of its transaction's place on the chain; absent where it does not, or was pruned.
 *
 * @property confirmed_by_query - whether Cobo, asked, said the same.
 */
export interface ToldOfChain {
  readonly confirmations?: number;
  readonly threshold?: number;
  readonly block?: { readonly hash?: string | undefined; readonly height?: number | undefined };
  readonly confirmed_by_query?: boolean;
}

/** How many flags are open, by severity. */
export type OpenFlags = Readonly<Record<NewFlag["severity"], number>>;

/**
 * A push, with the newest word on it.
 *
 * @property outcome - with `reasons` and `alerts`: of its newest judgement, where it was judged again.
 * @property judged - when that was, and why.
 * @property message - its body's text, in base64 where it is no UTF-8; absent where it was pruned.
 */
export interface PushItem
  extends ToldOfChain,
    Pick<
      PushRow,
      "id" | "at" | "channel" | "kind" | "status" | "late" | "readable" | "outcome" | "reasons" | "alerts"
    > {
  readonly seq: number;
  readonly judged?: { readonly seq: number; readonly at: number; readonly why: string };
  readonly message?: string;
}

/**
 * An entry of any type; what it says is its row.
 *
 * @property claims - of a node's token, without `package_data`; of a signed message its headers, and its key's name.
 * @property request - as the token has it; of a signed message its body.
 */
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

/**
 * A transaction, with what was decided and told of it, what that reserved and raised, and what operators did to it.
 *
 * @property organization - empty where only pushes tell of it.
 */
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
  /** Likewise. */
  readonly flags: readonly FlagItem[];
  readonly pushes: readonly PushItem[];
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
