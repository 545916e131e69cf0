/**
 * How long a release may decide, or a list be looked into: until its statement expires, and while its source has
 * confirmed it lately.
 *
 * Two clocks run, and the stricter one counts: the time of decisions, which is the machine's and never before the
 * ledger's newest entry, and the time that this process has run. So neither a clock that is set back nor a machine that
 * slept makes it younger.
 */
import { Refusal } from "../input/refusal.ts";

const DAY_MS = 86_400_000;
/** A warning comes when this is left, or a fifth of the statement's life where that is less. */
const EXPIRES_SOON_MS = 14 * DAY_MS;

/** @property confirmedAt - when its source last had it. Times are milliseconds since the epoch. */
export interface AgeOptions {
  /** Absent: it never expires. */
  readonly statement?: { readonly created_at: number; readonly expires_at: number } | undefined;
  /** How long it may go unconfirmed; absent: for ever. */
  readonly maxAgeMs?: number | undefined;
  readonly confirmedAt: number;
  readonly nowMs: number;
}

/** What will soon keep it from deciding. */
export interface AgeWarning {
  readonly code: "RELEASE_EXPIRES" | "RELEASE_UNCONFIRMED";
  readonly message: string;
}

export class Age {
  readonly maxAgeMs: number;
  readonly #statement: AgeOptions["statement"];
  /** By `performance.now()`, as all that is called steady. */
  readonly #steadyExpiry: number;
  #confirmedAt: number;
  #until: number;
  #steadyUntil: number;

  constructor({ statement, maxAgeMs, confirmedAt, nowMs }: AgeOptions) {
    this.#statement = statement;
    this.maxAgeMs = maxAgeMs ?? Number.POSITIVE_INFINITY;
    this.#steadyExpiry = performance.now() + (this.expiresAt - nowMs);
    this.#confirmedAt = confirmedAt;
    this.#until = Math.min(this.expiresAt, this.staleAt);
    this.#steadyUntil = Math.min(this.#steadyExpiry, performance.now() + (this.staleAt - nowMs));
  }

  /** Infinity where it never does. */
  get expiresAt(): number {
    return this.#statement?.expires_at ?? Number.POSITIVE_INFINITY;
  }

  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  /** When it will have gone unconfirmed for too long; Infinity where it never will. */
  get staleAt(): number {
    return this.#confirmedAt + this.maxAgeMs;
  }

  /** Its source has it. */
  confirm(nowMs: number): void {
    this.#confirmedAt = nowMs;
    this.#until = Math.min(this.expiresAt, this.staleAt);
    this.#steadyUntil = Math.min(this.#steadyExpiry, performance.now() + this.maxAgeMs);
  }

  /**
   * Why it is too old at a time; undefined where it is not.
   *
   * @param nowMs - the time of the decision.
   */
  endAt(nowMs: number): "expired" | "stale" | undefined {
    if (nowMs < this.#until && performance.now() < this.#steadyUntil) return undefined;
    return nowMs >= this.expiresAt || performance.now() >= this.#steadyExpiry ? "expired" : "stale";
  }

  /** Why it will be too old before long; undefined also where it is already. */
  nearingAt(nowMs: number): "expires" | "unconfirmed" | undefined {
    if (this.endAt(nowMs) !== undefined) return undefined;
    if (nowMs > this.expiresAt - this.#soonMs()) return "expires";
    return nowMs <= this.#confirmedAt + this.maxAgeMs / 2 ? undefined : "unconfirmed";
  }

  #soonMs(): number {
    if (this.#statement === undefined) return 0;
    const { created_at, expires_at } = this.#statement;
    return Math.min(EXPIRES_SOON_MS, (expires_at - created_at) / 5);
  }
}

export class ReleaseAge extends Age {
  /**
   * Why it may not decide at a time: `POLICY_EXPIRED` or `POLICY_STALE`.
   *
   * @param nowMs - the time of the decision.
   */
  refusalAt(nowMs: number): Refusal | undefined {
    const end = this.endAt(nowMs);
    if (end === undefined) return undefined;
    if (end === "expired") {
      return new Refusal(
        "POLICY_EXPIRED",
        `the release's statement expired at ${timeText(this.expiresAt)}: sign it anew`,
        { expires_at: this.expiresAt },
      );
    }
    return new Refusal(
      "POLICY_STALE",
      `the release was last confirmed at ${timeText(this.confirmedAt)}, longer ago than policy.max_age`,
      { confirmed_at: this.confirmedAt, max_age_ms: this.maxAgeMs },
    );
  }

  /** What will keep it from deciding before long; undefined also where something does already. */
  warningAt(nowMs: number): AgeWarning | undefined {
    const nearing = this.nearingAt(nowMs);
    if (nearing === undefined) return undefined;
    if (nearing === "expires") {
      return {
        code: "RELEASE_EXPIRES",
        message: `the release expires at ${timeText(this.expiresAt)}: sign it anew before`,
      };
    }
    return {
      code: "RELEASE_UNCONFIRMED",
      message: `the release was last confirmed at ${timeText(this.confirmedAt)}: everything is refused from ${timeText(this.staleAt)} on`,
    };
  }
}

/** RFC 3339; a number that is no time is none. */
export function timeText(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : "no time";
}
