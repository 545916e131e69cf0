/**
 * One list that is signed: its place is looked at again and again, and what lies there goes through its activation.
 *
 * One look runs at a time. What is the same as before is confirmed where it is in force, and not tried again where it
 * was refused, before it changes, or somebody asks, or another release goes live, or what refused it may have passed:
 * then it is tried after a second, two, four and so on, never more seldom than it is polled. A pair of which one half may
 * be new is looked at a second time before it is refused.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Backoff } from "../backoff.ts";
import type { ListVersion } from "../input/document.ts";
import { ListError, type ListStep } from "../policy/list-error.ts";
import type { ListTrust } from "../policy/list-trust.ts";
import { Reminder } from "../reminder.ts";
import { Turns } from "../turns.ts";
import { ListActivation, type ListHistory, type ListInForce } from "./list-activation.ts";
import { type AgeWords, ageWords } from "./list-age.ts";
import type { ListPlace, ListSight } from "./list-place.ts";
import { type ListStatus, statusOf } from "./list-status.ts";
import type { ListStore } from "./list-store.ts";
import type { ListTable } from "./list-table.ts";

/** What one of two files that is there before the other may look like. */
const HALF_WRITTEN: ReadonlySet<ListStep> = new Set([
  "statement",
  "signatures",
  "payload",
  "digest",
  "content",
]);

/**
 * @property source - its path or URL, for people.
 * @property place - is closed with the list. @property reading - of all lists.
 * @property tells - what happens to it.
 */
export interface SignedListOptions {
  readonly name: string;
  readonly source: string;
  readonly place: ListPlace;
  readonly pollMs: number;
  readonly maxAgeMs: number;
  readonly trust: ListTrust;
  readonly store: ListStore;
  readonly history: ListHistory;
  readonly reading: Turns;
  readonly tells: ListTells;
}

/** Who is told of lists. @property warning - not an alarm yet. @property failed - one was refused at this step. */
export interface ListTells {
  readonly alarm: (code: string, message: string) => void;
  readonly warning: (code: string, message: string) => void;
  readonly failed: (list: string, step: ListStep) => void;
  readonly taken: (list: string, inForce: ListInForce, before: ListInForce | undefined) => void;
}

export class SignedList {
  readonly name: string;
  readonly #options: SignedListOptions;
  readonly #activation: ListActivation;
  readonly #looks = new Turns();
  readonly #reminder = new Reminder();
  #unread: string | undefined = "no release is live";
  #seen: ListSight | undefined;
  /** Whether what was seen is what is in force. */
  #isSeenInForce = false;
  /** Of what refused it and may have passed. */
  readonly #retry = new Backoff();
  #refusal: ListError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #state: "new" | "started" | "closed" = "new";

  constructor(options: SignedListOptions) {
    const { name, trust, store, history, maxAgeMs, reading, tells } = options;
    this.name = name;
    this.#options = options;
    this.#activation = new ListActivation({
      ...{ name, trust, store, history, maxAgeMs, reading },
      unread: () => this.#unread,
      onProblem: ({ step, message }) => {
        tells.failed(name, step);
        tells.alarm("LIST_STORE", `${name}: ${step}: ${message}`);
      },
      onTaken: (inForce, before) => {
        this.#reminder.clear();
        tells.taken(name, inForce, before);
      },
    });
  }

  /** Looks for the first time, then keeps looking. Resolves after the first look. */
  async start(): Promise<void> {
    this.#state = "started";
    await this.check(true);
    this.#schedule();
  }

  /**
   * Which lists the live release reads changed: what waited for that is tried at once, once it was started.
   *
   * @param unread - why it is not read; undefined where it is.
   */
  async setUnread(unread: string | undefined): Promise<void> {
    const was = this.#unread;
    this.#unread = unread;
    if (was !== undefined && unread === undefined && this.#state === "started") await this.check(true);
  }

  /**
   * Looks now. Never rejects.
   *
   * @param again - tries again what was refused before.
   * @returns what is wrong, if anything.
   */
  check(again: boolean): Promise<string | undefined> {
    return this.#looks.run(() => this.#check(again));
  }

  /** @param nowMs - the time of the decision. @returns what documents are held against; undefined: it is absent. */
  contentAt(nowMs: number): { readonly table: ListTable; readonly version: ListVersion } | undefined {
    const { inForce } = this.#activation;
    if (inForce === undefined || this.#unread !== undefined) return undefined;
    return inForce.age.endAt(nowMs) === undefined ? inForce : undefined;
  }

  /** Warns before it is too late, and alarms when it is; each once, and a warning once a day. */
  lookAtAge(): void {
    const { tells, history } = this.#options;
    const words = this.#ageWords(history.now());
    if (words === undefined) {
      this.#reminder.clear();
      return;
    }
    const { code, message, isOver } = words;
    if (!this.#reminder.isDue(code)) return;
    tells[isOver ? "alarm" : "warning"](code, `${this.name}: ${message}`);
  }

  status(): ListStatus {
    const { name, source, trust, history } = this.#options;
    const { inForce, quarantined } = this.#activation;
    const words = this.#ageWords(history.now());
    const refusal = this.#refusal?.step === "unread" ? undefined : this.#refusal;
    const unread = this.#unread;
    return statusOf({ name, source, trust, inForce, quarantined, words, refusal, unread });
  }

  /** Stops looking; what is in force stays. Resolves when no look runs any more. */
  async close(): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#timer);
    this.#options.place.close();
    await this.#looks.settled();
  }

  /** What is not read has no age that matters. */
  #ageWords(nowMs: number): AgeWords | undefined {
    const { inForce } = this.#activation;
    return inForce === undefined || this.#unread !== undefined ? undefined : ageWords(inForce.age, nowMs);
  }

  #schedule(): void {
    if (this.#state === "closed") return;
    const { place, pollMs } = this.#options;
    const waitMs = this.#retry.within(place.waitMs(pollMs));
    this.#timer = setTimeout(() => void this.check(false).then(() => this.#schedule()), waitMs);
    this.#timer.unref();
  }

  async #check(again: boolean): Promise<string | undefined> {
    if (this.#state === "closed") return undefined;
    // First, since it takes no time: its source may.
    await this.#activation.fallBack();
    return await this.#checkPlace(again);
  }

  async #checkPlace(again: boolean): Promise<string | undefined> {
    const isRetry = this.#retry.isPlanned && !again;
    try {
      const sight = await this.#options.place.look(again ? undefined : this.#seen, this.#isSeenInForce);
      if (sight === this.#seen) {
        if (this.#isSeenInForce) await this.#activation.confirm();
        return undefined;
      }
      this.#seen = sight;
      this.#isSeenInForce = false;
      await this.#offer(sight);
      this.#isSeenInForce = true;
      this.#retry.end();
      this.#refusal = undefined;
      return undefined;
    } catch (error) {
      if (this.#state === "closed") return undefined;
      return this.#refuse(ListError.of(error), isRetry);
    }
  }

  async #offer(sight: ListSight): Promise<void> {
    const { place } = this.#options;
    try {
      await this.#activation.offer(statementIn(sight), place);
    } catch (error) {
      if (!(error instanceof ListError) || !HALF_WRITTEN.has(error.step)) throw error;
      await sleep(place.rereadMs);
      this.#seen = await place.look(undefined, false);
      if (isSame(this.#seen, sight)) throw error;
      await this.#activation.offer(statementIn(this.#seen), place);
    }
  }

  #refuse(error: ListError, isRetry: boolean): string | undefined {
    const { name } = this;
    const { source, tells } = this.#options;
    const { step, message, isPassing } = error;
    const before = this.#refusal;
    this.#refusal = error;
    if (isPassing) {
      this.#seen = undefined;
      this.#retry.failed();
    } else this.#retry.end();
    // What was said is not said again at each try.
    if (isRetry && before?.step === step && before.message === message) return `${step}: ${message}`;
    // Nothing is wrong with it.
    if (step === "unread") {
      tells.warning("LIST_UNREAD", `${name}: ${source}: ${message}: it is not in force`);
      return undefined;
    }
    tells.failed(name, step);
    const rest =
      this.#activation.inForce === undefined ? "the list is absent" : "the old list stays in force";
    tells.alarm("LIST_REFUSED", `${name}: ${source}: ${step}: ${message}; ${rest}`);
    return `${step}: ${message}`;
  }
}

/** @throws {ListError} where what lies there is none. */
function statementIn({ statement }: ListSight): Uint8Array | undefined {
  if (statement instanceof ListError) throw statement;
  return statement;
}

function isSame(one: ListSight, other: ListSight): boolean {
  const bytesOf = ({ statement }: ListSight) =>
    statement instanceof Uint8Array ? statement : Buffer.from(statement?.message ?? "");
  return one.mark === other.mark && Buffer.compare(bytesOf(one), bytesOf(other)) === 0;
}
