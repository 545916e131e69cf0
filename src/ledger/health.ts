/**
 * Whether the ledger can be used, as one state that all its parts report to.
 *
 * It is **well**, **failed** or **corrupt**. A failure of any part makes it failed; it is then probed, after a
 * moment and then less and less often, until a probe succeeds and it is well again. Corruption stays: what a
 * file lost doesn't come back by itself, and answers must not come and go with it. `close` ends the probing.
 */
import type { LedgerCode, LedgerHealth } from "./ledger.ts";
import { LedgerError } from "./ledger.ts";

const FIRST_PROBE_MS = 50;
const MAX_PROBE_MS = 5_000;

const WELL: LedgerHealth = { ok: true, detail: "it can be read and written" };

export class Health {
  readonly #probe: (failed: LedgerCode) => Promise<void>;
  readonly #onChange: (health: LedgerHealth) => void;
  #error: LedgerError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waitMs = FIRST_PROBE_MS;
  #probing = false;
  #closed = false;

  /** @param probe - tries what failed; rejects with what is still wrong. */
  constructor(probe: (failed: LedgerCode) => Promise<void>, onChange: (health: LedgerHealth) => void) {
    this.#probe = probe;
    this.#onChange = onChange;
  }

  /** What is wrong, and what everything is to fail with. */
  get error(): LedgerError | undefined {
    return this.#error;
  }

  now(): LedgerHealth {
    if (this.#error === undefined) return WELL;
    return { ok: false, code: this.#error.code, detail: this.#error.message };
  }

  fail(error: LedgerError): void {
    if (this.#error?.code === "LEDGER_CORRUPT" || this.#closed) return;
    const known = this.#error?.code === error.code && this.#error.message === error.message;
    this.#error = error;
    if (!known) this.#onChange(this.now());
    if (error.code !== "LEDGER_CORRUPT") this.#schedule();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#error ??= new LedgerError("LEDGER_UNAVAILABLE", "the ledger is closed");
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#probing) return;
    this.#timer = setTimeout(() => void this.#tryAgain(), this.#waitMs);
    this.#timer.unref();
    this.#waitMs = Math.min(this.#waitMs * 2, MAX_PROBE_MS);
  }

  async #tryAgain(): Promise<void> {
    this.#timer = undefined;
    const failed = this.#error;
    if (failed === undefined) return;
    this.#probing = true;
    try {
      await this.#probe(failed.code);
      if (this.#closed || this.#error?.code === "LEDGER_CORRUPT") return;
      this.#error = undefined;
      this.#waitMs = FIRST_PROBE_MS;
      this.#onChange(WELL);
    } catch (error) {
      this.#probing = false;
      this.fail(error instanceof LedgerError ? error : new LedgerError(failed.code, failed.message, error));
    } finally {
      this.#probing = false;
    }
  }
}
