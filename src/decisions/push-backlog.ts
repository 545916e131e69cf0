/**
 * Pushes that could not be judged when they came: each has an open flag `UNDECIDED`, also after a start. They are
 * judged again when a release goes live, and now and then while there are some; the oldest first, one after the other,
 * until nothing more can be judged.
 */
import { Refusal } from "../input/refusal.ts";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import type { Bench } from "./desk.ts";
import type { PushAgain } from "./push-again.ts";

const EVERY_MS = 30_000;
/** So many are read at once. */
const PAGE = 256;

/** @property bench - the release that is live now. @property onError - what is no failure that is known. */
export interface PushBacklogOptions {
  readonly ledger: Ledger;
  readonly again: PushAgain;
  readonly bench: () => Bench;
  readonly onError: (error: unknown) => void;
  readonly everyMs?: number;
}

export class PushBacklog {
  readonly #options: PushBacklogOptions;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: PushBacklogOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.run(), options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  /** Judges what waits, as far as that can be done now. Never rejects; one at a time. */
  async run(): Promise<void> {
    this.#running ??= this.#run()
      .catch((error: unknown) => {
        // A ledger that can't be used was alarmed.
        if (!(error instanceof LedgerError)) this.#options.onError(error);
      })
      .finally(() => {
        this.#running = undefined;
      });
    await this.#running;
  }

  /** Resolves when none is judged any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { ledger, bench } = this.#options;
    if (bench().live === undefined) return;
    /** Those that could not be judged this time. */
    const left = new Set<string>();
    for (;;) {
      const waiting = ledger.openFlags("UNDECIDED", PAGE + left.size).filter(({ id }) => !left.has(id));
      if (waiting.length === 0) return;
      for (const { id, entry } of waiting) {
        if (this.#closed) return;
        const push = ledger.entry(entry)?.id ?? "";
        if (!(await this.#judged(push))) left.add(id);
      }
    }
  }

  /** @throws LedgerError, with which the others fail as well. */
  async #judged(push: string): Promise<boolean> {
    const { again, bench } = this.#options;
    try {
      await again.judge(push, bench(), { why: "release" });
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return false;
    }
  }
}
