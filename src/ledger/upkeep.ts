/**
 * When bodies are compressed and pruned, so that decisions don't notice: in orders to the writer that each take a
 * few milliseconds, one at a time.
 *
 * It **rests** until its timer, then makes a **pass**: an order, a pause, the next order, until nothing is left that
 * is old enough. An order is given when nothing waits for the disk, or when that did not happen for a second. Where
 * the ledger can't be used a pass ends, and the next one finds out. `close` ends it between two orders.
 *
 * Age is measured by the clock, or by the newest entry where that is older: a clock that runs ahead prunes nothing.
 */
import { LedgerError } from "./ledger.ts";

export interface UpkeepOptions {
  /** How long bodies are kept, and how long they stay plain; milliseconds. */
  readonly keepMs: number;
  readonly plainMs?: number;
  /** From one pass to the next. */
  readonly everyMs?: number;
}

/** @property done - nothing is left to do. */
export interface Kept {
  readonly compressed: number;
  readonly pruned: number;
  readonly done: boolean;
}

export interface UpkeepHost {
  /** The time that ages are measured by, milliseconds since the epoch. */
  now(): number;
  isWell(): boolean;
  /** Whether nothing waits to be written. */
  isIdle(): boolean;
  /** Gives the order: bodies of earlier entries are compressed, and pruned. @throws LedgerError */
  keep(plainBefore: number, prunedBefore: number): Promise<Kept>;
  /** What a pass did, where it did anything. */
  kept(pass: Omit<Kept, "done">): void;
  failed(error: LedgerError): void;
}

const PLAIN_MS = 3_600_000;
const EVERY_MS = 60_000;
const PAUSE_MS = 10;
/** Pauses that the line is waited for to be empty. */
const MAX_PAUSES = 100;

export class Upkeep {
  readonly #options: Required<UpkeepOptions>;
  readonly #host: UpkeepHost;
  readonly #timer: NodeJS.Timeout;
  #pass: Promise<void> | undefined;
  #closed = false;

  constructor({ keepMs, plainMs = PLAIN_MS, everyMs = EVERY_MS }: UpkeepOptions, host: UpkeepHost) {
    this.#options = { keepMs, plainMs, everyMs };
    this.#host = host;
    this.#timer = setInterval(() => this.#begin(), everyMs);
    this.#timer.unref();
  }

  /** Resolves when no order of its own is on its way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#pass;
  }

  #begin(): void {
    if (this.#pass !== undefined || !this.#host.isWell()) return;
    this.#pass = this.#run().finally(() => {
      this.#pass = undefined;
    });
  }

  async #run(): Promise<void> {
    const { keepMs, plainMs } = this.#options;
    let [compressed, pruned] = [0, 0];
    try {
      for (let done = false; !done && (await this.#quiet()); ) {
        const now = this.#host.now();
        const kept = await this.#host.keep(now - plainMs, now - keepMs);
        compressed += kept.compressed;
        pruned += kept.pruned;
        done = kept.done;
      }
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#host.failed(error);
    }
    if (compressed + pruned > 0) this.#host.kept({ compressed, pruned });
  }

  /** Waits until the line is empty, not for ever. @returns whether the pass goes on. */
  async #quiet(): Promise<boolean> {
    for (let pauses = 0; pauses < MAX_PAUSES; pauses += 1) {
      if (this.#closed || !this.#host.isWell()) return false;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
      if (this.#host.isIdle()) break;
    }
    return !this.#closed && this.#host.isWell();
  }
}
