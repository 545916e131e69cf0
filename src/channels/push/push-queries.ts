/**
 * Asks Cobo about what was pushed, in the background: a push is answered before anybody asks.
 *
 * One transaction is asked about once at a time, with the newest push of it: what an older one said does not matter any
 * more. A push is
 *
 * - `ready`: it waits for its turn; few are asked about at once, the oldest first;
 * - `asking`;
 * - `resting`: Cobo does not know the transaction yet, or not in the final state that was pushed. It is ready again
 *   after a while that doubles;
 * - settled, and forgotten here: it was confirmed, or Cobo says otherwise.
 *
 * A push that is not settled when `deadlineMs` have passed is reported: as a mismatch where Cobo's own words are what
 * keeps it open, else as unanswered. One that is unanswered is asked about now and then for a day all the same, so that
 * nobody has to do it by hand when Cobo, or the line to it, is well again.
 *
 * An answer that is none (nothing came, no good signature, HTTP 429, an error of Cobo's) is everybody's: all wait, see
 * `query-pause.ts`.
 *
 * Nothing is stored here. After a start the pushes of the last day that were not judged by an answer are asked about
 * again: see `unasked-pushes.ts`.
 */

import type { Channel, PushStatus } from "../../input/document.ts";
import { RecentMap } from "../../recent-map.ts";
import { type Asking, lookUp, type Settled, type Why } from "./look-up.ts";
import { isCoboId } from "./query.ts";
import { QueryFailure } from "./query-client.ts";
import type { Particulars } from "./query-compare.ts";
import { QueryPause } from "./query-pause.ts";

/** What is not final and not under way yet is not worth a question. */
const ASKED_STATUSES: ReadonlySet<PushStatus> = new Set(["confirming", "success", "failed", "reorganized"]);
/** A push takes about a kilobyte while it waits. */
const MAX_WAITING = 50_000;
const REMEMBERED = 10_000;

/** Milliseconds. @property deadlineMs - until a push is reported as it is; @property giveUpMs - until it is let go. */
export interface QueryPace {
  readonly firstRestMs: number;
  readonly longestRestMs: number;
  readonly deadlineMs: number;
  readonly slowMs: number;
  readonly giveUpMs: number;
}

export const QUERY_PACE: QueryPace = {
  firstRestMs: 1_000,
  longestRestMs: 60_000,
  deadlineMs: 10 * 60_000,
  slowMs: 10 * 60_000,
  giveUpMs: 24 * 3_600_000,
};

/**
 * @property id - of the push's entry. @property at - of the entry, milliseconds since the epoch.
 * @property particulars - of its document. @property unanswered - it was reported so already.
 */
export interface PushToAsk {
  readonly id: string;
  readonly at: number;
  readonly channel: Channel;
  readonly particulars: Particulars;
  readonly unanswered?: boolean;
}

export type OpenPushes = (signal: AbortSignal) => AsyncIterable<PushToAsk>;

/** @property unanswered - why, for people. */
export type QueryResult = Settled | { readonly unanswered: string };

export interface PushQueriesOptions extends Asking {
  /** Resolves when the result is durable; where it rejects, the push is asked about again. */
  readonly onResult: (pushId: string, result: QueryResult) => Promise<void>;
  /** No answers come. Told once, until they come again. */
  readonly onFailing: (problem: string) => void;
  readonly onError: (error: unknown) => void;
  readonly pace?: QueryPace;
}

interface Waiting {
  readonly push: PushToAsk;
  readonly transaction: string;
  /** How often Cobo had nothing to say that settles it. */
  rests: number;
  /** It was reported as unanswered. */
  slow: boolean;
  hadItsTurn: boolean;
  /** What it came to is on its way to the disk. */
  settling: boolean;
  why: Why;
  readonly giveUp: NodeJS.Timeout;
  deadline: NodeJS.Timeout | undefined;
  rest: NodeJS.Timeout | undefined;
}

export class PushQueries {
  readonly #options: PushQueriesOptions;
  readonly #pace: QueryPace;
  readonly #waiting = new Map<string, Waiting>();
  readonly #ready = new Set<Waiting>();
  readonly #running = new Set<Promise<void>>();
  /** What Cobo confirmed lately, by transaction. */
  readonly #confirmed = new RecentMap<string, string>(REMEMBERED);
  #asking = 0;
  readonly #pause: QueryPause;
  #restoring: NodeJS.Timeout | undefined;
  /** The transactions that were pushed while those of earlier processes were looked for. */
  #sinceStart: Set<string> | undefined;
  readonly #end = new AbortController();
  #closed = false;

  constructor(options: PushQueriesOptions) {
    this.#options = options;
    this.#pace = options.pace ?? QUERY_PACE;
    const { onFailing } = options;
    this.#pause = new QueryPause({ ...this.#pace, onFailing, onOver: () => this.#pump() });
  }

  /** How many pushes are not settled. */
  get size(): number {
    return this.#waiting.size;
  }

  /** A push is durable, and the newest of its transaction. Returns at once. */
  ask(push: PushToAsk): void {
    const { particulars } = push;
    const transaction = particulars.fields["transaction.cobo_id"];
    if (this.#closed || transaction === undefined) return;
    this.#sinceStart?.add(transaction);
    const older = this.#waiting.get(transaction);
    if (older !== undefined) this.#forget(older);
    if (!ASKED_STATUSES.has(particulars.status)) return;
    // Each further block of a chain is a push that says nothing new.
    if (particulars.status === "confirming" && this.#confirmed.get(transaction) === fingerprint(particulars))
      return;
    const refusal = this.#refusalOf(transaction);
    if (refusal !== undefined) {
      if (push.unanswered !== true) this.#run(this.#options.onResult(push.id, { unanswered: refusal }));
      return;
    }
    const waiting: Waiting = {
      push,
      transaction,
      rests: 0,
      slow: push.unanswered ?? false,
      hadItsTurn: false,
      settling: false,
      why: { problem: "it was not its turn yet" },
      giveUp: timer(() => this.#forget(waiting), push.at + this.#pace.giveUpMs - Date.now()),
      deadline: undefined,
      rest: undefined,
    };
    this.#waiting.set(transaction, waiting);
    if (!waiting.slow) this.#await(waiting, this.#pace.deadlineMs);
    this.#ready.add(waiting);
    this.#pump();
  }

  /**
   * After a start: asks about what earlier processes left open. A transaction that was pushed again meanwhile is asked
   * about with that push.
   *
   * @param open - reads them, until the signal; where it fails it is read again later.
   */
  restore(open: OpenPushes): void {
    this.#sinceStart ??= new Set();
    this.#run(
      this.#restore(open, this.#sinceStart).catch((error: unknown) => {
        if (this.#closed) return;
        this.#options.onError(error);
        this.#restoring = timer(() => this.restore(open), this.#pace.longestRestMs);
      }),
    );
  }

  async #restore(open: OpenPushes, sinceStart: ReadonlySet<string>): Promise<void> {
    for await (const push of open(this.#end.signal)) {
      if (this.#closed) return;
      const transaction = push.particulars.fields["transaction.cobo_id"];
      if (transaction !== undefined && !sinceStart.has(transaction)) this.ask(push);
    }
    this.#sinceStart = undefined;
  }

  /** Asks no more; resolves when what was answered is reported. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#end.abort();
    this.#pause.close();
    clearTimeout(this.#restoring);
    this.#options.client.close();
    for (const waiting of [...this.#waiting.values()]) this.#forget(waiting);
    await Promise.all(this.#running);
  }

  /** Why a transaction can't be asked about. */
  #refusalOf(transaction: string): string | undefined {
    if (!isCoboId(transaction)) return "its id is none of Cobo's";
    return this.#waiting.size < MAX_WAITING ? undefined : "too many pushes wait to be asked about";
  }

  #run(work: Promise<void>): void {
    const running = work
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #pump(): void {
    for (const waiting of this.#ready) {
      if (this.#closed || this.#asking >= this.#pause.room) return;
      this.#ready.delete(waiting);
      this.#asking += 1;
      this.#run(
        this.#ask(waiting).finally(() => {
          this.#asking -= 1;
          this.#pump();
        }),
      );
    }
  }

  async #ask(waiting: Waiting): Promise<void> {
    this.#beginTurn(waiting);
    const { push, transaction: id } = waiting;
    let found: Settled | Why;
    try {
      found = await lookUp(this.#options, { ...push, id });
      this.#pause.answered();
    } catch (error) {
      if (error instanceof QueryFailure) {
        if (!this.#closed) this.#pause.failed(error.message, error.refused);
        if (!this.#isOpen(waiting)) return;
        waiting.why = { problem: error.message };
        this.#ready.add(waiting);
        return;
      }
      this.#options.onError(error);
      found = { problem: "the answer could not be compared" };
    }
    if (!this.#isOpen(waiting)) return;
    if ("confirmed" in found) await this.#settle(waiting, found);
    else if ("difference" in found && waiting.slow) {
      await this.#settle(waiting, { confirmed: false, differences: [found.difference] });
    } else {
      waiting.why = found;
      this.#restFor(waiting);
    }
  }

  /** What waited while others were answered has its time from here on. */
  #beginTurn(waiting: Waiting): void {
    if (!waiting.hadItsTurn && !waiting.slow && this.#pause.isWell) {
      clearTimeout(waiting.deadline);
      this.#await(waiting, this.#pace.deadlineMs);
    }
    waiting.hadItsTurn = true;
  }

  #restFor(waiting: Waiting): void {
    const ms = waiting.slow ? this.#pace.slowMs : this.#pause.restMs(waiting.rests);
    waiting.rests += 1;
    waiting.rest = timer(() => {
      this.#ready.add(waiting);
      this.#pump();
    }, ms);
  }

  #await(waiting: Waiting, ms: number): void {
    waiting.deadline = timer(() => this.#run(this.#pastDeadline(waiting)), ms);
  }

  async #pastDeadline(waiting: Waiting): Promise<void> {
    const { why } = waiting;
    if (waiting.settling) return;
    // Many were pushed at once, and are being answered.
    if (!waiting.hadItsTurn && this.#pause.isWell) {
      this.#await(waiting, this.#pace.deadlineMs);
      return;
    }
    if ("difference" in why) {
      await this.#settle(waiting, { confirmed: false, differences: [why.difference] });
      return;
    }
    try {
      await this.#options.onResult(waiting.push.id, { unanswered: why.problem });
      waiting.slow = true;
    } catch (error) {
      this.#options.onError(error);
      if (this.#isCurrent(waiting)) this.#await(waiting, this.#pace.longestRestMs);
    }
  }

  /** Where it can't be written down the push is asked about again. */
  async #settle(waiting: Waiting, result: QueryResult): Promise<void> {
    clearTimeout(waiting.deadline);
    clearTimeout(waiting.rest);
    this.#ready.delete(waiting);
    waiting.settling = true;
    try {
      await this.#options.onResult(waiting.push.id, result);
    } catch (error) {
      this.#options.onError(error);
      waiting.settling = false;
      if (!this.#isCurrent(waiting)) return;
      this.#await(waiting, this.#pace.deadlineMs);
      this.#restFor(waiting);
      return;
    }
    if ("confirmed" in result && result.confirmed) {
      this.#confirmed.set(waiting.transaction, fingerprint(waiting.push.particulars));
    }
    this.#forget(waiting);
  }

  #isOpen(waiting: Waiting): boolean {
    return this.#isCurrent(waiting) && !waiting.settling;
  }

  #isCurrent(waiting: Waiting): boolean {
    return this.#waiting.get(waiting.transaction) === waiting;
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.giveUp);
    clearTimeout(waiting.deadline);
    clearTimeout(waiting.rest);
    this.#ready.delete(waiting);
    if (this.#isCurrent(waiting)) this.#waiting.delete(waiting.transaction);
  }
}

function fingerprint({ fields }: Particulars): string {
  return JSON.stringify(fields);
}

/** Keeps no process alive. */
function timer(work: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(work, ms).unref();
}
