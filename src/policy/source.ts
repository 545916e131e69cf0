/**
 * Looks where releases come from (`ReleasePlace`), and gives what lies there to whoever takes it.
 *
 * A check reads what is there, and only if it differs from what was seen before; what is live already is confirmed.
 * What is there is polled; what tells of a change makes it sooner. One check runs at a time. A candidate that may have
 * been half written, the archive or the pair, is read a second time before it is refused. A refused candidate is not
 * tried again before it changes, or somebody asks (`checkNow`), or what refused it may have passed: then it is tried
 * after a second, two, four and so on, never more seldom than it is polled.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Backoff } from "../backoff.ts";
import type { ReleaseTaker } from "./activation.ts";
import type { LivePolicy } from "./live.ts";
import type { ReleasePlace, Sight } from "./place.ts";
import { LateReleaseError, PassingReleaseError, ReleaseError, type ReleaseStep } from "./release.ts";

/**
 * @property place - is closed with the source.
 * @property pollMs - milliseconds between two looks.
 * @property taker - what candidates go through. @property live - where they go, and what is wrong is noted.
 */
export interface PolicySourceOptions {
  readonly place: ReleasePlace;
  readonly pollMs: number;
  readonly taker: ReleaseTaker;
  readonly live: Pick<LivePolicy, "current" | "lastError" | "refuse">;
}

/** The answer of `POST /v1/reload`. `live` is the revision that is live after the check. */
export interface CheckResult {
  readonly live: string | undefined;
  readonly changed: boolean;
  readonly error?: string;
}

/** What changes piece by piece is looked at when it has stood still so long. */
const DEBOUNCE_MS = 100;
/** What came in one step, so long after it: whoever replaces one file more does it at once. */
const WHOLE_DEBOUNCE_MS = 10;
/** What takes too long each time is then not tried any more: it costs what the live one needs. */
const MAX_LATE_RETRY_MS = 16_000;

/** What a file that is being written, or one of two that is there before the other, may look like. */
const HALF_WRITTEN: ReadonlySet<ReleaseStep> = new Set([
  ...(["statement", "signatures", "payload", "digest", "archive"] as const),
]);

export class PolicySource {
  readonly #options: PolicySourceOptions;
  #seen: string | undefined;
  /** Whether what was seen is what is live. */
  #seenLive = false;
  /** Of what refused a candidate and may have passed. */
  readonly #retry = new Backoff();
  #running: Promise<CheckResult> | undefined;
  #queued: Promise<CheckResult> | undefined;
  #queuedAgain = false;
  #poll: NodeJS.Timeout | undefined;
  #hint: NodeJS.Timeout | undefined;
  #state: "new" | "starting" | "started" | "closed" = "new";

  constructor(options: PolicySourceOptions) {
    this.#options = options;
  }

  /** Looks for the first time, then keeps looking. Never rejects: what is wrong stands in the result. */
  async start(): Promise<CheckResult> {
    this.#state = "starting";
    this.#options.place.watch((isWhole) => this.#hinted(isWhole ? WHOLE_DEBOUNCE_MS : DEBOUNCE_MS));
    const result = await this.checkNow();
    if (this.#state === "starting") this.#state = "started";
    this.#schedulePoll();
    return result;
  }

  /**
   * Looks now, and tries again what was refused before. Never rejects.
   *
   * A call while a check runs gets a check of its own after it, shared by all such calls: what changed before
   * the call is seen.
   */
  checkNow(): Promise<CheckResult> {
    return this.#enqueue(true);
  }

  /** Stops looking; what is live stays. Resolves when no check runs any more. */
  async close(): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#poll);
    clearTimeout(this.#hint);
    this.#options.place.close();
    await this.#queued;
    await this.#running;
  }

  #enqueue(again: boolean): Promise<CheckResult> {
    if (this.#running === undefined) {
      this.#running = this.#check(again).finally(() => {
        this.#running = undefined;
        this.#schedulePoll();
      });
      return this.#running;
    }
    this.#queuedAgain ||= again;
    this.#queued ??= this.#running.then(() => {
      const askedFor = this.#queuedAgain;
      this.#queued = undefined;
      this.#queuedAgain = false;
      return this.#enqueue(askedFor);
    });
    return this.#queued;
  }

  get #isStarting(): boolean {
    return this.#state === "starting";
  }

  /** Whoever asks is answered, be it that nothing is live. */
  get #isAnswering(): boolean {
    return this.#state === "started";
  }

  get #isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Where nothing good lies there and nothing is live, the last release that was kept goes live. */
  async #check(again: boolean): Promise<CheckResult> {
    const result = await this.#checkPlace(again);
    const { live, taker } = this.#options;
    if (live.current === undefined && !this.#isClosed) await taker.fallBack(this.#isAnswering);
    return { ...result, live: live.current?.identity.revision };
  }

  async #checkPlace(again: boolean): Promise<CheckResult> {
    const { live, place, taker } = this.#options;
    if (this.#isClosed) return this.#result(false);
    const known = again ? undefined : this.#seen;
    try {
      const sight = await place.look(taker, { known, isLive: this.#seenLive, isStart: this.#isStarting });
      if (sight.mark === known) {
        this.#retry.end();
        if (this.#seenLive) await taker.confirm();
        return this.#result(false);
      }
      this.#seen = sight.mark;
      this.#seenLive = false;
      const changed = await this.#offer(sight);
      this.#seenLive = true;
      this.#retry.end();
      return this.#result(changed);
    } catch (error) {
      if (this.#isClosed) return this.#result(false);
      const isRetry = this.#retry.isPlanned && !again;
      this.#planRetry(error);
      // What was said is not said again at each try.
      if (isRetry && isSame(error, live.lastError)) return this.#result(false);
      const { step, message } = live.refuse(error);
      return this.#result(false, `${step}: ${message}`);
    }
  }

  #planRetry(error: unknown): void {
    const isLate = error instanceof LateReleaseError && this.#retry.ms < MAX_LATE_RETRY_MS;
    if (!isLate && !(error instanceof PassingReleaseError)) {
      this.#retry.end();
      return;
    }
    // What is live was seen all the same, where it was the way that failed.
    if (!this.#seenLive) this.#seen = undefined;
    this.#retry.failed();
  }

  async #offer(sight: Sight): Promise<boolean> {
    const { place, taker } = this.#options;
    const aside = this.#isAnswering;
    try {
      return await taker.offer(await sight.read(), aside);
    } catch (error) {
      const mayBeHalf = error instanceof ReleaseError && HALF_WRITTEN.has(error.step);
      if (!mayBeHalf || sight.rereadMs === undefined) throw error;
      await sleep(sight.rereadMs);
      const second = await place.look(taker, { known: sight.mark, isStart: this.#isStarting });
      if (second.mark === sight.mark) throw error;
      this.#seen = second.mark;
      return await taker.offer(await second.read(), aside);
    }
  }

  #result(changed: boolean, error?: string): CheckResult {
    const live = this.#options.live.current?.identity.revision;
    return { live, changed, ...(error === undefined ? {} : { error }) };
  }

  #hinted(ms: number): void {
    clearTimeout(this.#hint);
    this.#hint = setTimeout(() => void this.#enqueue(false), ms);
    this.#hint.unref();
  }

  /** After each check: what was asked for moves the next look as well. */
  #schedulePoll(): void {
    if (this.#state !== "started") return;
    const { pollMs, place } = this.#options;
    clearTimeout(this.#poll);
    const ms = place.waitMs(this.#retry.within(pollMs));
    this.#poll = setTimeout(() => void this.#enqueue(false), ms);
    this.#poll.unref();
  }
}

function isSame(
  error: unknown,
  said: { readonly step: ReleaseStep; readonly message: string } | undefined,
): boolean {
  return error instanceof ReleaseError && error.step === said?.step && error.message === said.message;
}
