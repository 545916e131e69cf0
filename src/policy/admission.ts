/**
 * The way of a candidate from seen to proven, whatever it is for: to go live, or to judge in the shadow. The states stand
 * in prose in `activation.ts`.
 */
import { type ActivateOptions, activate, digestOf, type Trust } from "./activate.ts";
import type { LiveRelease } from "./live.ts";
import {
  isProving,
  LateReleaseError,
  PassingReleaseError,
  ReleaseError,
  type ReleaseIdentity,
  type ReleaseStep,
} from "./release.ts";
import type { Quarantined, ReleaseStore } from "./release-store.ts";
import { SignedPast } from "./signed-past.ts";
import type { ReleaseStatement } from "./statement.ts";
import type { Precedent, TrustedStatement, TrustStore } from "./trust-store.ts";

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
  extends Omit<ActivateOptions, "trust" | "statement" | "confirmedAt" | "aside" | "wasLate"> {
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

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #trust: Trust;
  /** Absent where releases are not signed, as is what they are held against. */
  readonly keys: TrustStore | undefined;
  readonly past: SignedPast<ReleaseStatement, ReleaseStep> | undefined;
  /** Archives that came too late the last time: on a busy machine what gives way to all others may never come. */
  readonly #late = new Set<string>();

  constructor(options: AdmissionOptions) {
    const { trust, store, history, now, onProblem = () => {} } = options;
    this.#options = options;
    const isPlain = trust === "unsigned" || "sha256" in trust;
    this.#trust = isPlain ? trust : "unsigned";
    if (isPlain) return;
    this.keys = trust;
    const highest = () => history?.highest(trust.audience);
    this.past = new SignedPast({ trust, store, highest, now, onProblem });
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

  /**
   * From seen to matched.
   *
   * @throws {ReleaseError} with the step that refused it.
   */
  async admit(candidate: Candidate): Promise<Admitted> {
    const statement = await this.#statementOf(candidate);
    const sha256 = await digestOf(candidate.archive);
    if (statement !== undefined) {
      this.keys?.assertDigest(statement, sha256);
      this.past?.assertNotQuarantined(statement);
    }
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
    const {
      trust: _trust,
      store: _store,
      history: _history,
      onProblem: _onProblem,
      ...options
    } = this.#options;
    const trust = statement === undefined ? this.#trust : { sha256: statement.sha256 };
    const wasLate = this.#late.delete(sha256);
    try {
      return await activate(archive, { ...options, ...how, trust, statement, wasLate });
    } catch (error) {
      if (error instanceof LateReleaseError) this.#late.add(sha256);
      const isBlamed = error instanceof ReleaseError && isProving(error.step) && !mayPass(error);
      if (isBlamed && statement !== undefined) await this.past?.quarantine(statement, error);
      throw error;
    }
  }

  /** @returns undefined where releases are not signed. */
  async #statementOf({ statement }: Candidate): Promise<TrustedStatement | undefined> {
    if (this.keys === undefined) return undefined;
    await this.past?.learn();
    if (statement === undefined) {
      throw new ReleaseError("statement", "there is no statement beside the release, and trust is by keys");
    }
    return await this.keys.admit(statement, this.#options.now());
  }
}

/** The very same candidate may be good later. */
export function mayPass(error: unknown): boolean {
  return error instanceof PassingReleaseError || error instanceof LateReleaseError;
}
