/**
 * How a candidate goes live. A candidate is an archive and, where releases are signed, the statement beside it. It is
 *
 * - **seen**: its bytes are in memory, read as a pair. All that follows is about these bytes: what lies at the source
 *   a moment later is another candidate;
 * - **admitted**: the trust store took its statement: signatures, audience, sequence, time;
 * - **matched**: the archive's digest is the one that was signed, and it is not in quarantine. An archive that is live
 *   already under this payload ends here: it is **confirmed**, and its age begins anew;
 * - **proven**: it was read, its index, entrypoints, data and facts are right, the guard was refused by it, and its
 *   engine is warm: it could decide;
 * - **kept**: archive and statement are in `state_dir/releases`, and the ledger has the entry that says that it is
 *   live, both on the disk. From here on nothing older is ever admitted again, whenever the process ends;
 * - **live**: one assignment puts it in the place of the one before.
 *
 * Where trust is `unsigned` or a digest there is no statement: it is matched at once, and kept without being stored.
 *
 * From each state the way out is **refused**, with the step that failed. Nothing has changed then but this: an archive
 * that was matched by a statement and could not be proven is in **quarantine**, and not looked at again before somebody
 * with keys signs a higher sequence. What failed before says nothing of the archive, and what fails after is the
 * machine's fault, as may be that proving took too long: none of these is put there, so that nobody without keys can
 * keep a good release from going live. Nor is what was live last: it was proven once.
 *
 * When the server starts and its source has nothing good, the last release that was kept goes the same way, and is
 * live as old as it is: what its source last confirmed.
 */
import { type ActivateOptions, activate, digestOf, type Trust } from "./activate.ts";
import type { LivePolicy, LiveRelease } from "./live.ts";
import {
  LateReleaseError,
  PassingReleaseError,
  ReleaseError,
  type ReleaseIdentity,
  type ReleaseStep,
} from "./release.ts";
import type { Quarantined, ReleaseStore } from "./release-store.ts";
import { MAX_AHEAD_MS, type Precedent, type TrustedStatement, type TrustStore } from "./trust-store.ts";
import { toError } from "./wasm-instance.ts";

/** @property statement - absent where there is none. */
export interface Candidate {
  readonly archive: Uint8Array;
  readonly statement?: Uint8Array | undefined;
}

/** Whom a source gives its candidates to: what makes them live, or has them judge in the shadow. */
export interface ReleaseTaker {
  /** Whether a candidate needs a statement. */
  readonly isSigned: boolean;
  /** Whether whatever lies there is taken. */
  readonly isUnsigned: boolean;
  /**
   * @param aside - whether requests are being answered: then it is read in a thread of its own.
   * @returns whether it was taken; false where it was already.
   * @throws {ReleaseError} with the step that refused it.
   */
  offer(candidate: Candidate, aside: boolean): Promise<boolean>;
  /** The source was looked at, and has what it had when it was taken or confirmed. */
  confirm(): Promise<void>;
  /**
   * The source has nothing good, and nothing was taken yet: takes what was kept, where there is something.
   *
   * @returns whether it did.
   */
  fallBack(): Promise<boolean>;
}

/** What the ledger knows of releases. */
export interface ReleaseHistory {
  /** The newest that was ever live for an audience. @throws LedgerError where that can't be told. */
  highest(audience: string): Precedent | undefined;
  /** Resolves when it is on the disk. @throws LedgerError where it never will be. */
  record(identity: ReleaseIdentity, statement: TrustedStatement | undefined): Promise<void>;
}

/** Whom to believe: the config's `policy.trust`. */
export type ReleaseTrust = Trust | TrustStore;

/**
 * @property store - absent: nothing is kept on the disk.
 * @property history - absent: nothing is known of the past, nor written down.
 * @property now - never before the ledger's newest entry, milliseconds since the epoch.
 * @property onProblem - what is wrong besides a candidate: with what is stored.
 */
export interface ActivationOptions
  extends Omit<ActivateOptions, "trust" | "statement" | "confirmedAt" | "aside"> {
  readonly live: LivePolicy;
  readonly trust: ReleaseTrust;
  readonly store?: ReleaseStore | undefined;
  readonly history?: ReleaseHistory | undefined;
  readonly now: () => number;
  readonly onProblem?: (error: ReleaseError) => void;
}

/** Steps that look at the archive itself. */
const PROVING: ReadonlySet<ReleaseStep> = new Set([
  ...(["archive", "builtins", "entrypoints", "index", "data"] as const),
  ...(["facts", "self_test", "guard", "warm_up"] as const),
]);

export class Activation implements ReleaseTaker {
  readonly #options: ActivationOptions;
  readonly #trust: Trust;
  /** Absent where releases are not signed. */
  readonly keys: TrustStore | undefined;
  #knowsThePast = false;
  #isFallBackRefused = false;
  #saidOfFallBack: string | undefined;
  /** The highest sequence that the ledger has, on its disk. */
  #recorded = Number.NEGATIVE_INFINITY;

  constructor(options: ActivationOptions) {
    const { trust } = options;
    this.#options = options;
    const isPlain = trust === "unsigned" || "sha256" in trust;
    this.#trust = isPlain ? trust : "unsigned";
    this.keys = isPlain ? undefined : trust;
  }

  get isSigned(): boolean {
    return this.keys !== undefined;
  }

  get isUnsigned(): boolean {
    return this.#options.trust === "unsigned";
  }

  get quarantined(): readonly Quarantined[] {
    return this.#options.store?.quarantined ?? [];
  }

  async offer(candidate: Candidate, aside: boolean): Promise<boolean> {
    const { live, source } = this.#options;
    const statement = this.keys && (await this.#admit(this.keys, candidate));
    const sha256 = await digestOf(candidate.archive);
    if (statement !== undefined) this.#match(statement, sha256);
    if (this.#isLive(sha256, statement)) {
      live.confirm(this.#options.now());
      await this.#keepSignatures(candidate, statement, sha256);
      await this.#keepConfirmation(sha256);
      return false;
    }
    const next = await this.#prove(candidate, { sha256, statement, source, aside });
    try {
      await this.#keep(candidate, next);
    } catch (error) {
      await next.engine.close();
      throw error;
    }
    live.replace(next);
    return true;
  }

  async confirm(): Promise<void> {
    const { live, now } = this.#options;
    const { current } = live;
    if (current === undefined) return;
    live.confirm(now());
    await this.#keepConfirmation(current.identity.sha256);
  }

  /** What is wrong with it is a problem, no error. What was refused for good is not tried again. */
  async fallBack(): Promise<boolean> {
    const { live, store } = this.#options;
    const keys = this.keys;
    if (keys === undefined || store === undefined || this.#isFallBackRefused) return false;
    try {
      const kept = await store.last();
      if (kept === undefined) return false;
      const statement = await this.#admit(keys, kept);
      const sha256 = await digestOf(kept.archive);
      this.#match(statement, sha256);
      const confirmedAt = this.#believable(store.confirmedAt(sha256));
      const source = "state_dir, the last good release";
      const next = await this.#prove(kept, { sha256, statement, source, confirmedAt, aside: false });
      try {
        await this.#record(next);
      } catch (error) {
        await next.engine.close();
        throw error;
      }
      live.replace(next, true);
      return true;
    } catch (error) {
      this.#isFallBackRefused = !mayPass(error);
      const step = error instanceof ReleaseError ? error.step : "source";
      const message = `the last good release is refused: ${toError(error).message}`;
      // Each try says the same.
      if (message !== this.#saidOfFallBack) {
        this.#options.onProblem?.(new ReleaseError(step, message, error));
      }
      this.#saidOfFallBack = message;
      return false;
    }
  }

  /** What was confirmed by a clock that was wrong, or so somebody wrote, would not be stale for as long. */
  #believable(confirmedAt: number): number {
    return confirmedAt > this.#options.now() + MAX_AHEAD_MS ? 0 : confirmedAt;
  }

  async #admit(keys: TrustStore, { statement }: Candidate): Promise<TrustedStatement> {
    await this.#learnThePast(keys);
    if (statement === undefined) {
      throw new ReleaseError("statement", "there is no statement beside the release, and trust is by keys");
    }
    return await keys.admit(statement, this.#options.now());
  }

  /** What was live is asked once: from then on this process says what is. */
  async #learnThePast(keys: TrustStore): Promise<void> {
    if (this.#knowsThePast) return;
    const { history, store, onProblem } = this.#options;
    try {
      const highest = history?.highest(keys.audience);
      if (highest !== undefined) {
        keys.raise(highest);
        this.#recorded = highest.sequence;
      }
    } catch (error) {
      throw ledgerError("the ledger can't say which releases were live", error);
    }
    // It was about to be live at least, and an older copy of the ledger may not know.
    try {
      const kept = await store?.last();
      if (kept !== undefined) keys.raise(await keys.recognize(kept.statement));
    } catch (error) {
      if (!(error instanceof ReleaseError)) throw error;
      // Made with keys that are trusted no more: that is what a rotation is for.
      if (error.step === "store") onProblem?.(error);
    }
    this.#knowsThePast = true;
  }

  #match(statement: TrustedStatement, sha256: string): void {
    this.keys?.assertDigest(statement, sha256);
    const found = this.#options.store?.quarantineOf(sha256, statement.sequence);
    if (found === undefined) return;
    const since = new Date(found.at).toISOString();
    throw new ReleaseError(
      "quarantine",
      `in quarantine since ${since}, which a sequence above ${found.sequence} lifts: ${found.step}: ${found.message}`,
    );
  }

  /** The same archive under another payload is another release: it may last longer. */
  #isLive(sha256: string, statement: TrustedStatement | undefined): boolean {
    const { current } = this.#options.live;
    return current?.identity.sha256 === sha256 && current.statement?.payload === statement?.payload;
  }

  async #prove(
    { archive }: Candidate,
    how: {
      readonly sha256: string;
      readonly statement: TrustedStatement | undefined;
      readonly source: string;
      readonly confirmedAt?: number;
      readonly aside: boolean;
    },
  ): Promise<LiveRelease> {
    const { sha256, statement, ...others } = how;
    const {
      live: _live,
      trust: _trust,
      store,
      history: _history,
      onProblem: _onProblem,
      ...options
    } = this.#options;
    const trust = statement === undefined ? this.#trust : { sha256: statement.sha256 };
    try {
      return await activate(archive, { ...options, ...others, trust, statement });
    } catch (error) {
      const blamed = error instanceof ReleaseError && PROVING.has(error.step) && !mayPass(error);
      const wasLive = this.keys?.highest?.sha256 === sha256;
      if (!blamed || statement === undefined || store === undefined || wasLive) throw error;
      const { sequence } = statement;
      const { step, message } = error;
      await this.#tried(store.quarantine({ sha256, sequence, step, message, at: options.now() }));
      throw error;
    }
  }

  async #keep({ archive, statement }: Candidate, next: LiveRelease): Promise<void> {
    const { store, now } = this.#options;
    const { sha256 } = next.identity;
    if (statement !== undefined && this.isSigned) {
      await store?.keep({ archive, statement }, sha256);
      await store?.confirm(sha256, now());
    }
    await this.#record(next);
  }

  /**
   * What was live before has its entry already: one more is a note. A release that raises the sequence decides nothing
   * before that is on the disk.
   */
  async #record({ identity, statement }: LiveRelease): Promise<void> {
    const { history } = this.#options;
    const recorded = history?.record(identity, statement) ?? Promise.resolve();
    if (statement === undefined || statement.sequence <= this.#recorded) {
      recorded.catch(() => {});
      return;
    }
    try {
      await recorded;
    } catch (error) {
      throw ledgerError("the ledger can't be told that it goes live", error);
    }
    this.#recorded = statement.sequence;
    this.keys?.raise(statement);
  }

  /** One key more signed what is live: when another key is removed, it is still vouched for. */
  async #keepSignatures(
    { archive, statement: bytes }: Candidate,
    statement: TrustedStatement | undefined,
    sha256: string,
  ): Promise<void> {
    const { live, store } = this.#options;
    const before = live.current?.statement?.signedBy ?? [];
    if (store === undefined || statement === undefined || bytes === undefined) return;
    if (statement.signedBy.length <= before.length) return;
    await this.#tried(store.keep({ archive, statement: bytes }, sha256));
  }

  /** Without it a restart finds the release older than it is. */
  async #keepConfirmation(sha256: string): Promise<void> {
    if (!this.isSigned) return;
    const { store, now } = this.#options;
    if (store !== undefined) await this.#tried(store.confirm(sha256, now()));
  }

  /** What fails is in force all the same, and lost with the process. */
  async #tried(kept: Promise<void>): Promise<void> {
    try {
      await kept;
    } catch (error) {
      if (!(error instanceof ReleaseError)) throw error;
      this.#options.onProblem?.(error);
    }
  }
}

/** The very same candidate may be good later. */
function mayPass(error: unknown): boolean {
  return error instanceof PassingReleaseError || error instanceof LateReleaseError;
}

function ledgerError(what: string, error: unknown): ReleaseError {
  return new PassingReleaseError("ledger", `${what}: ${toError(error).message}`, error);
}
