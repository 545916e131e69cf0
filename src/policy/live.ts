/** The release that is live, and the one reference that a swap changes. */
import { KINDS, type Kind } from "../input/document.ts";
import { messageOf } from "../thrown.ts";
import { ReleaseAge } from "./age.ts";
import type { Evaluator } from "./evaluation.ts";
import type { FactQuery } from "./fact-queries.ts";
import type { CompiledReads } from "./reads.ts";
import {
  type HostData,
  type Provable,
  ReleaseError,
  type ReleaseIdentity,
  type ReleaseStep,
} from "./release.ts";
import { listsOf, type RuleIndex } from "./rule-index.ts";
import type { TrustedStatement } from "./trust-store.ts";

/** What a release is told apart by. @property sha256 - of its archive. */
interface Identified {
  readonly sha256: string;
  readonly statement: Pick<TrustedStatement, "payload"> | undefined;
}

/** A release that passed every step and can judge: identity, index, compiled reads and a warm engine. */
export class LiveRelease {
  readonly identity: ReleaseIdentity;
  readonly index: RuleIndex;
  readonly hostData: HostData;
  readonly reads: CompiledReads;
  readonly engine: Evaluator;
  /** Where it came from, for people. */
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly activatedAt: number;
  /** Who vouched for it, and until when; absent where it was not signed. */
  readonly statement: TrustedStatement | undefined;
  /** Until when it may decide. */
  readonly age: ReleaseAge;
  /** The names of the lists that its rules read. */
  readonly lists: readonly string[];
  /** What its rules ask of history. */
  readonly queries: readonly FactQuery[];
  readonly #queriesOf: ReadonlyMap<Kind, readonly FactQuery[]>;
  #deciding = 0;
  #onIdle: (() => void) | undefined;

  constructor(parts: {
    release: Provable;
    reads: CompiledReads;
    engine: Evaluator;
    queries: readonly FactQuery[];
    source: string;
    activatedAt: number;
    statement?: TrustedStatement | undefined;
    maxAgeMs?: number | undefined;
    confirmedAt?: number | undefined;
  }) {
    const { statement, maxAgeMs, activatedAt, confirmedAt = activatedAt } = parts;
    this.identity = parts.release.identity;
    this.index = parts.release.index;
    this.hostData = parts.release.hostData;
    this.reads = parts.reads;
    this.engine = parts.engine;
    this.source = parts.source;
    this.activatedAt = activatedAt;
    this.statement = statement;
    this.age = new ReleaseAge({ statement, maxAgeMs, confirmedAt, nowMs: activatedAt });
    this.lists = listsOf(this.index);
    this.queries = parts.queries;
    const judges = new Map(this.index.rules.map(({ name, kinds }) => [name, kinds]));
    this.#queriesOf = new Map(
      KINDS.map((kind) => [
        kind,
        parts.queries.filter(({ group, rule }) => judges.get(`${group}/${rule}`)?.includes(kind)),
      ]),
    );
  }

  /** Whether it is this archive under this payload: under another one it is another release, which may last longer. */
  isOf({ sha256, statement }: Identified): boolean {
    return this.identity.sha256 === sha256 && this.statement?.payload === statement?.payload;
  }

  /** What is asked of history for a document of this kind: by the rules that judge it, and no others. */
  factQueries(kind: Kind): readonly FactQuery[] {
    return this.#queriesOf.get(kind) ?? [];
  }

  /** Runs one decision; a release that was replaced meanwhile keeps its engine until the last of them ended. */
  async during<T>(decision: () => Promise<T>): Promise<T> {
    this.#deciding += 1;
    try {
      return await decision();
    } finally {
      this.#deciding -= 1;
      if (this.#deciding === 0) this.#onIdle?.();
    }
  }

  /** Resolves when no decision runs in it. */
  idle(): Promise<void> {
    if (this.#deciding === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Whether its engine takes questions: a decision that began in it may end in it, also after a swap. */
  isServing(): boolean {
    return !this.engine.closed;
  }
}

/** Why the newest candidate did not go live. */
export interface RefusedRelease {
  readonly step: ReleaseStep;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** `refused` is an alarm where a release was live before: the old one stays. */
export type LiveEvent =
  | {
      readonly type: "activated";
      readonly identity: ReleaseIdentity;
      readonly previous: ReleaseIdentity | undefined;
    }
  | {
      readonly type: "refused";
      readonly refusal: RefusedRelease;
      readonly live: ReleaseIdentity | undefined;
    };

/** Who took the reference a moment ago has not yet said that it decides. */
const RETIRE_MS = 100;

/**
 * Holds at most one live release. A new one comes in whole, by one assignment, so that a decision which took
 * the reference once runs wholly in one release; a candidate that fails any step changes nothing but
 * `lastError`. The old engine is closed a little later, after the evaluations in its line.
 */
export class LivePolicy {
  readonly #onEvent: (event: LiveEvent) => void;
  readonly #retiring = new Map<LiveRelease, NodeJS.Timeout>();
  #current: LiveRelease | undefined;
  #lastError: RefusedRelease | undefined;
  #closed = false;

  constructor(onEvent: (event: LiveEvent) => void = () => {}) {
    this.#onEvent = onEvent;
  }

  /** The live release; take it once for each decision. */
  get current(): LiveRelease | undefined {
    return this.#current;
  }

  /** Why the newest candidate was refused; `undefined` once one went live after it. */
  get lastError(): RefusedRelease | undefined {
    return this.#lastError;
  }

  /**
   * Puts a prepared release in the place of the live one.
   *
   * @param isFallBack - it is not what the source has: what is wrong with that stays so.
   */
  replace(next: LiveRelease, isFallBack = false): void {
    if (this.#closed) {
      void next.engine.close();
      return;
    }
    const previous = this.#current;
    this.#current = next;
    if (!isFallBack) this.#lastError = undefined;
    if (previous !== undefined) this.#retire(previous);
    this.#emit({ type: "activated", identity: next.identity, previous: previous?.identity });
  }

  /**
   * The newest candidate is the live release itself: nothing is wrong any more.
   *
   * @param nowMs - milliseconds since the epoch.
   */
  confirm(nowMs: number): void {
    this.#lastError = undefined;
    this.#current?.age.confirm(nowMs);
  }

  /** Notes a candidate that failed; the live release stays. */
  refuse(error: unknown): RefusedRelease {
    const step = error instanceof ReleaseError ? error.step : "source";
    const message = messageOf(error);
    const refusal = { step, message, at: Date.now() };
    this.#lastError = refusal;
    this.#emit({ type: "refused", refusal, live: this.#current?.identity });
    return refusal;
  }

  /** Nothing is live any more, as if it had been replaced; another one may come. */
  remove(): void {
    const previous = this.#current;
    this.#current = undefined;
    if (previous !== undefined) this.#retire(previous);
  }

  /** Nothing is live any more; resolves when what was in line has been answered and the engines have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    const releases = [...this.#retiring.keys(), ...(this.#current === undefined ? [] : [this.#current])];
    for (const timer of this.#retiring.values()) clearTimeout(timer);
    this.#retiring.clear();
    this.#current = undefined;
    await Promise.all(releases.map((release) => release.engine.close()));
  }

  #retire(release: LiveRelease): void {
    const timer = setTimeout(() => {
      void release.idle().then(() => {
        this.#retiring.delete(release);
        return release.engine.close();
      });
    }, RETIRE_MS);
    timer.unref();
    this.#retiring.set(release, timer);
  }

  #emit(event: LiveEvent): void {
    try {
      this.#onEvent(event);
    } catch {
      // A listener's fault is not the release's.
    }
  }
}
