/**
 * The way of a candidate from seen to proven, whatever it is for: to go live, or to judge in the shadow. The states stand
 * in prose in `activation.ts`.
 */
import { messageOf } from "../thrown.ts";
import { type ActivateOptions, activate, digestOf, type Trust } from "./activate.ts";
import type { LiveRelease } from "./live.ts";
import {
  LateReleaseError,
  PassingReleaseError,
  ReleaseError,
  type ReleaseIdentity,
  type ReleaseStep,
} from "./release.ts";
import type { Quarantined, ReleaseStore } from "./release-store.ts";
import { MAX_AHEAD_MS, type Precedent, type TrustedStatement, type TrustStore } from "./trust-store.ts";

/** @property statement - absent where there is none. */
export interface Candidate {
  readonly archive: Uint8Array;
  readonly statement?: Uint8Array | undefined;
}

/** Who had a release go live by hand, and why. */
export interface Promotion {
  readonly by: string;
  readonly reason: string;
}

/** What the ledger knows of releases. */
export interface ReleaseHistory {
  /** The newest that was ever live for an audience. @throws LedgerError where that can't be told. */
  highest(audience: string): Precedent | undefined;
  /**
   * The one that went live last, whoever vouched for it, with who promoted it, where somebody did.
   *
   * @throws LedgerError where that can't be told.
   */
  last(): { readonly sha256: string; readonly promotion?: Promotion | undefined } | undefined;
  /** Resolves when it is on the disk. @throws LedgerError where it never will be. */
  record(
    identity: ReleaseIdentity,
    statement: TrustedStatement | undefined,
    promotion?: Promotion,
  ): Promise<void>;
}

/** Whom to believe: the config's `policy.trust`. */
export type ReleaseTrust = Trust | TrustStore;

/**
 * @property store - absent: nothing is kept on the disk.
 * @property history - absent: nothing is known of the past, nor written down.
 * @property now - never before the ledger's newest entry, milliseconds since the epoch.
 * @property onProblem - what is wrong besides a candidate: with what is stored.
 */
export interface AdmissionOptions
  extends Omit<ActivateOptions, "trust" | "statement" | "confirmedAt" | "aside"> {
  readonly trust: ReleaseTrust;
  readonly store?: ReleaseStore | undefined;
  readonly history?: ReleaseHistory | undefined;
  readonly now: () => number;
  readonly onProblem?: (error: ReleaseError) => void;
}

/** A candidate that may be proven. @property sha256 - of its archive. */
export interface Admitted {
  readonly sha256: string;
  readonly statement: TrustedStatement | undefined;
}

/** What is otherwise than in the options. */
type ProveOptions = Partial<
  Pick<
    ActivateOptions,
    "source" | "confirmedAt" | "aside" | "onEvent" | "prepareFacts" | "workers" | "maxAgeMs"
  >
>;

/** Steps that look at the archive itself. */
const PROVING: ReadonlySet<ReleaseStep> = new Set([
  ...(["archive", "builtins", "entrypoints", "index", "data"] as const),
  ...(["facts", "self_test", "guard", "warm_up"] as const),
]);

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #trust: Trust;
  /** Absent where releases are not signed. */
  readonly keys: TrustStore | undefined;
  #knowsThePast = false;
  /** The highest sequence that the ledger has, on its disk. */
  #recorded = Number.NEGATIVE_INFINITY;

  constructor(options: AdmissionOptions) {
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

  /** Whether the ledger has it already, or a newer one. */
  isRecorded({ sequence }: TrustedStatement): boolean {
    return sequence <= this.#recorded;
  }

  /** It is in the ledger, on its disk: from now on none older is admitted. */
  recorded(statement: TrustedStatement): void {
    this.#recorded = statement.sequence;
    this.keys?.raise(statement);
  }

  /**
   * From seen to matched.
   *
   * @throws {ReleaseError} with the step that refused it.
   */
  async admit(candidate: Candidate): Promise<Admitted> {
    const statement = this.keys && (await this.#admit(this.keys, candidate));
    const sha256 = await digestOf(candidate.archive);
    if (statement !== undefined) this.#match(statement, sha256);
    return { sha256, statement };
  }

  /**
   * From matched to proven. What was signed and is no good is in quarantine from then on.
   *
   * @returns the caller owns its engine.
   * @throws {ReleaseError} with the step that refused it.
   */
  async prove(
    { archive }: Candidate,
    { sha256, statement }: Admitted,
    how: ProveOptions,
  ): Promise<LiveRelease> {
    const { trust: _trust, store, history: _history, onProblem: _onProblem, ...options } = this.#options;
    const trust = statement === undefined ? this.#trust : { sha256: statement.sha256 };
    try {
      return await activate(archive, { ...options, ...how, trust, statement });
    } catch (error) {
      const blamed = error instanceof ReleaseError && PROVING.has(error.step) && !mayPass(error);
      const wasLive = this.keys?.highest?.sha256 === sha256;
      if (!blamed || statement === undefined || store === undefined || wasLive) throw error;
      const { sequence } = statement;
      const { step, message } = error;
      await this.tried(store.quarantine({ sha256, sequence, step, message, at: options.now() }));
      throw error;
    }
  }

  /** What was confirmed by a clock that was wrong, or so somebody wrote, would not be stale for as long. */
  believable(confirmedAt: number): number {
    return confirmedAt > this.#options.now() + MAX_AHEAD_MS ? 0 : confirmedAt;
  }

  /** What fails is in force all the same, and lost with the process. */
  async tried(kept: Promise<void>): Promise<void> {
    try {
      await kept;
    } catch (error) {
      if (!(error instanceof ReleaseError)) throw error;
      this.#options.onProblem?.(error);
    }
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
        this.#recorded = Math.max(this.#recorded, highest.sequence);
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
}

/** The very same candidate may be good later. */
export function mayPass(error: unknown): boolean {
  return error instanceof PassingReleaseError || error instanceof LateReleaseError;
}

export function ledgerError(what: string, error: unknown): ReleaseError {
  return new PassingReleaseError("ledger", `${what}: ${messageOf(error)}`, error);
}
