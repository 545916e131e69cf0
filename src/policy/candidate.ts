/**
 * The release that judges in the shadow, and may be promoted. What lies at its place is
 *
 * - **absent**: nothing lies there, or nothing good was seen yet;
 * - **proven**: it went through the same admission and proof as what is to decide, and its engine is warm. A newer one
 *   that is refused leaves it where it is, with what is wrong;
 * - **live**: it is what decides already, since it was promoted or lies at the release's place as well: there is nothing
 *   to compare, and its engine is given back. Where it was promoted, its place confirms its age;
 * - **stopped**: its engine failed too often. It is not tried again before it changes, or somebody asks.
 *
 * It is proven with one worker alone: nobody waits for what it says.
 */
import type { Activation, ReleaseTaker } from "./activation.ts";
import type { Admitted, Candidate, Promotion } from "./admission.ts";
import { isAbsent } from "./download.ts";
import type { EngineEvent } from "./engine.ts";
import { LivePolicy, type LiveRelease, type RefusedRelease } from "./live.ts";
import { AbsentReleaseError, ReleaseError, type ReleaseIdentity } from "./release.ts";

/** @property place - where it lies, for people. @property live - the release that decides. */
export interface CandidateOptions {
  readonly activation: Activation;
  readonly live: LivePolicy;
  readonly place: string;
  readonly now: () => number;
  readonly onEngineEvent: (candidate: LiveRelease, event: EngineEvent) => void;
  /** Another one is proven, or none is any more. */
  readonly onChange: () => void;
  readonly onRefused: (refusal: RefusedRelease) => void;
}

export type CandidateState = "absent" | "proven" | "live" | "stopped";

/**
 * Why nothing was promoted; a closed list.
 *
 * - `PINNED`: the config pins the one archive that may be live;
 * - `NO_CANDIDATE`: none is configured, or nothing lies at its place;
 * - `NOT_PROVEN`: what lies there was refused, or failed too often in the shadow;
 * - `CHANGED`: the candidate is another one than was named: another archive, or the same under another statement;
 * - `IS_LIVE`: it is live already;
 * - `GATE`: the gate does not let it through;
 * - `REFUSED`: another step refuses it; the problem's `step` says which.
 */
export const PROMOTE_PROBLEMS = [
  "PINNED",
  "NO_CANDIDATE",
  "NOT_PROVEN",
  "CHANGED",
  "IS_LIVE",
  "GATE",
  "REFUSED",
] as const;
export type PromoteProblem = (typeof PROMOTE_PROBLEMS)[number];

/** Nothing was promoted, and nothing has changed. */
export class PromoteError extends Error {
  override readonly name = "PromoteError";
  readonly code: PromoteProblem;

  constructor(code: PromoteProblem, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** What was looked at, as far as it was said. @property sha256 - of the archive. @property sequence - of its statement. */
export interface Meant {
  readonly sha256?: string | undefined;
  readonly sequence?: number | undefined;
}

/** @property previous - what was live before; absent where nothing was. */
export interface Promoted {
  readonly live: ReleaseIdentity;
  readonly previous: ReleaseIdentity | undefined;
}

export class CandidateRelease implements ReleaseTaker {
  readonly #options: CandidateOptions;
  readonly #policy: LivePolicy;
  /** As it was proven: what is promoted is exactly that. */
  #pair: Candidate | undefined;
  /** What its place has. */
  #placed: Admitted | undefined;
  #isStopped = false;

  constructor(options: CandidateOptions) {
    this.#options = options;
    this.#policy = new LivePolicy((event) => {
      if (event.type === "refused") options.onRefused(event.refusal);
      else options.onChange();
    });
  }

  get isSigned(): boolean {
    return this.#options.activation.isSigned;
  }

  get isUnsigned(): boolean {
    return this.#options.activation.isUnsigned;
  }

  /** The one that is proven, and neither live nor stopped. */
  get current(): LiveRelease | undefined {
    return this.#policy.current;
  }

  /** Why what lies there now is not it. */
  get lastError(): RefusedRelease | undefined {
    return this.#policy.lastError;
  }

  get state(): CandidateState {
    if (this.current !== undefined) return "proven";
    if (this.#isStopped) return "stopped";
    return this.#isPlacedLive ? "live" : "absent";
  }

  get #isPlacedLive(): boolean {
    return this.#placed !== undefined && this.#options.activation.isLive(this.#placed);
  }

  /** Requests are being answered whenever it comes: it is read in a thread of its own. */
  async offer(candidate: Candidate): Promise<boolean> {
    const { activation, place, now, onEngineEvent } = this.#options;
    const { admission } = activation;
    const admitted = await admission.admit(candidate);
    this.#placed = admitted;
    if (activation.isLive(admitted)) {
      await activation.confirmPromoted();
      this.#policy.confirm(now());
      this.remove();
      return false;
    }
    if (this.current?.isOf(admitted) === true) {
      this.#policy.confirm(now());
      return false;
    }
    let proven: LiveRelease | undefined;
    const next = await admission.prove(candidate, admitted, {
      ...{ source: place, aside: true, workers: 1, maxAgeMs: undefined },
      onEvent: (event) => {
        if (proven !== undefined) onEngineEvent(proven, event);
      },
      // What its rules ask of history is prepared while it judges.
      prepareFacts: async () => {},
    });
    if (activation.isLive(admitted)) {
      await next.engine.close();
      return false;
    }
    proven = next;
    this.#pair = candidate;
    this.#isStopped = false;
    this.#policy.replace(next);
    // What went live meanwhile may be newer.
    await this.reconsider();
    return this.current === next;
  }

  async confirm(): Promise<void> {
    const { activation, now } = this.#options;
    if (this.#isPlacedLive) await activation.confirmPromoted();
    else this.current?.age.confirm(now());
  }

  /** None was ever kept. */
  async fallBack(): Promise<boolean> {
    return false;
  }

  /** What lies there is not taken. Where nothing does, there is no candidate any more, and nothing is wrong. */
  refuse(error: unknown): RefusedRelease {
    const isNone =
      error instanceof AbsentReleaseError || (error instanceof ReleaseError && isAbsent(error.cause));
    if (!isNone) return this.#policy.refuse(error);
    this.#placed = undefined;
    this.#isStopped = false;
    this.#policy.confirm(this.#options.now());
    this.remove();
    return { step: error.step, message: error.message, at: Date.now() };
  }

  /** Another release is live: this one may be that, or older. */
  async reconsider(): Promise<void> {
    const pair = this.#pair;
    if (this.current === undefined || pair === undefined) return;
    try {
      const { activation } = this.#options;
      if (activation.isLive(await activation.admission.admit(pair)) && this.#pair === pair) this.remove();
    } catch (error) {
      if (this.#pair !== pair || !(error instanceof ReleaseError)) return;
      this.remove();
      this.#policy.refuse(error);
    }
  }

  /** Its engine failed too often. */
  stop(candidate: LiveRelease): void {
    if (this.current !== candidate) return;
    this.remove();
    this.#isStopped = true;
  }

  /** It judges no more; its memory is given back. */
  remove(): void {
    this.#pair = undefined;
    if (this.current === undefined) return;
    this.#policy.remove();
    this.#options.onChange();
  }

  /**
   * Has what was proven go live, through all the steps of going live.
   *
   * @param meant - which one; absent: whatever is the candidate.
   * @throws {PromoteError} where it doesn't; whatever was live stays.
   */
  async promote(promotion: Promotion, { sha256, sequence }: Meant = {}): Promise<Promoted> {
    const { activation, live, place } = this.#options;
    const { current: candidate, lastError: refused } = this;
    const pair = this.#pair;
    if (candidate === undefined || pair === undefined) throw this.#missing();
    const { identity } = candidate;
    if (sha256 !== undefined && sha256 !== identity.sha256) {
      throw new PromoteError(
        "CHANGED",
        `the candidate is ${identity.sha256} by now, not the one that was named`,
      );
    }
    // The same archive, but until another time, and nothing below its number is ever live again.
    if (sequence !== undefined && sequence !== identity.sequence) {
      throw new PromoteError(
        "CHANGED",
        `the candidate has sequence ${identity.sequence} by now, not ${sequence}, which was named`,
      );
    }
    if (sha256 === undefined && refused !== undefined) {
      throw new PromoteError(
        "NOT_PROVEN",
        `another one lies at the candidate's place, which was refused at the step ${refused.step}; name the sha256 of the one that is meant`,
      );
    }
    const previous = live.current?.identity;
    let changed: boolean;
    try {
      changed = await activation.promote(pair, place, promotion);
    } catch (error) {
      if (!(error instanceof ReleaseError)) throw error;
      live.refuse(error);
      const code = error.step === "gate" ? "GATE" : "REFUSED";
      throw new PromoteError(code, `${error.step}: ${error.message}`, error);
    }
    if (this.current === candidate) this.remove();
    if (!changed) throw new PromoteError("IS_LIVE", "the candidate is live already");
    return { live: live.current?.identity ?? identity, previous };
  }

  async close(): Promise<void> {
    await this.#policy.close();
  }

  #missing(): PromoteError {
    const refused = this.lastError;
    switch (this.state) {
      case "live":
        return new PromoteError("IS_LIVE", "the candidate is live already");
      case "stopped":
        return new PromoteError(
          "NOT_PROVEN",
          "the candidate failed too often in the shadow, and was stopped",
        );
      default:
        return refused === undefined
          ? new PromoteError("NO_CANDIDATE", "nothing lies at the candidate's place")
          : new PromoteError(
              "NOT_PROVEN",
              `the candidate was refused at ${refused.step}: ${refused.message}`,
            );
    }
  }
}
