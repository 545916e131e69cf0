/**
 * The past that a statement is held against, of releases or of one list: the newest that ever counted here, as the ledger
 * and the disk know it, so that none older ever does again; what is in quarantine; and when the last good one was
 * confirmed. It is asked of the ledger and of the disk once: from then on this process says what is.
 */
import { messageOf } from "../thrown.ts";
import { PassingReleaseError, ReleaseError } from "./release.ts";
import type { SignedStore } from "./signed-store.ts";
import type { Statement } from "./statement.ts";
import { StepError } from "./step-error.ts";
import { MAX_AHEAD_MS, type Precedent, type StatementTrust, type Trusted } from "./trust-store.ts";

/** What is kept on the disk, as far as it matters here. */
export interface PastStore<Step extends string>
  extends Pick<SignedStore<Step>, "quarantined" | "quarantine" | "quarantineOf" | "confirmedAt"> {
  last(): Promise<{ readonly statement: Uint8Array } | undefined>;
}

/**
 * @property store - absent: nothing is kept on the disk.
 * @property highest - the newest that the ledger knows. Throws where it can't say.
 * @property now - never before the ledger's newest entry, milliseconds since the epoch.
 * @property onProblem - what is wrong besides a candidate: with what is stored.
 */
export interface PastOptions<S extends Statement, Step extends string> {
  readonly trust: StatementTrust<S>;
  readonly store: PastStore<Step> | undefined;
  readonly highest: () => Precedent | undefined;
  readonly now: () => number;
  readonly onProblem: (error: ReleaseError) => void;
}

export class SignedPast<S extends Statement, Step extends string> {
  readonly #options: PastOptions<S, Step>;
  #isKnown = false;
  /** The highest sequence that the ledger has, on its disk. */
  #recorded = Number.NEGATIVE_INFINITY;

  constructor(options: PastOptions<S, Step>) {
    this.#options = options;
  }

  /** From here on the trust store knows what was. @throws {ReleaseError} step `ledger`. */
  async learn(): Promise<void> {
    if (this.#isKnown) return;
    const { trust, store, highest, onProblem } = this.#options;
    const newest = asked("the ledger can't say what was in force", highest);
    if (newest !== undefined) {
      trust.raise(newest);
      this.#recorded = Math.max(this.#recorded, newest.sequence);
    }
    // It was about to be in force at least, and an older copy of the ledger may not know.
    try {
      const kept = await store?.last();
      if (kept !== undefined) trust.raise(await trust.recognize(kept.statement));
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      // Else it was made with keys that are trusted no more: that is what a rotation is for.
      if (error instanceof ReleaseError && error.step === "store") onProblem(error);
    }
    this.#isKnown = true;
  }

  /** @throws {ReleaseError} step `quarantine`. */
  assertNotQuarantined({ sha256, sequence }: Statement): void {
    const found = this.#options.store?.quarantineOf(sha256, sequence);
    if (found === undefined) return;
    const since = new Date(found.at).toISOString();
    throw new ReleaseError(
      "quarantine",
      `in quarantine since ${since}, which a sequence above ${found.sequence} lifts: ${found.step}: ${found.message}`,
    );
  }

  /** What was signed is no good: it is in quarantine from now on, unless it was in force last. It was good once, then. */
  async quarantine({ sha256, sequence }: Statement, why: { step: Step; message: string }): Promise<void> {
    const { trust, store, now } = this.#options;
    if (store === undefined || trust.highest?.sha256 === sha256) return;
    const { step, message } = why;
    await this.tried(store.quarantine({ sha256, sequence, step, message, at: now() }));
  }

  /**
   * When the source last had the last good one, which was not before it was made. A clock that was ahead, or somebody who
   * wrote so, says nothing of when that was: it would not be stale for as long, so it counts as never confirmed.
   *
   * @returns milliseconds since the epoch; 0 for never.
   */
  confirmedAt({ sha256, created_at }: Statement): number {
    const { store, now } = this.#options;
    const confirmedAt = Math.max(store?.confirmedAt(sha256) ?? 0, created_at);
    return confirmedAt > now() + MAX_AHEAD_MS ? 0 : confirmedAt;
  }

  /**
   * It decides nothing before its entry is in the ledger, on the disk; none older is admitted from then on. Where it has
   * an entry already, one more is a note that nobody waits for.
   *
   * @param written - resolves when the entry is on the disk. @param isAct - somebody did it by hand: it is waited for.
   * @throws {ReleaseError} step `ledger`.
   */
  async record(statement: Trusted<S>, written: Promise<void>, isAct = false): Promise<void> {
    const isNote = statement.sequence <= this.#recorded;
    if (isAct || !isNote) await entered(written);
    else written.catch(() => {});
    if (isNote) return;
    this.#recorded = statement.sequence;
    this.#options.trust.raise(statement);
  }

  /** What can't be kept counts in this process all the same. */
  async tried(kept: Promise<void>): Promise<void> {
    await tried(kept, this.#options.onProblem);
  }
}

/** What can't be kept counts in this process all the same: that is a problem, no error. */
export async function tried(kept: Promise<void>, onProblem: (error: ReleaseError) => void): Promise<void> {
  try {
    await kept;
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    onProblem(error);
  }
}

/** Waits until a ledger's entry is on the disk. @throws {ReleaseError} step `ledger`. */
export async function entered(written: Promise<void>): Promise<void> {
  try {
    await written;
  } catch (error) {
    throw ledgerError("the ledger can't be told that it comes into force", error);
  }
}

/** What the ledger answers. @throws {ReleaseError} step `ledger`, with these words. */
export function asked<T>(what: string, question: () => T): T {
  try {
    return question();
  } catch (error) {
    throw ledgerError(what, error);
  }
}

function ledgerError(what: string, error: unknown): ReleaseError {
  return new PassingReleaseError("ledger", `${what}: ${messageOf(error)}`, error);
}
