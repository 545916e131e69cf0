/** The release that judges in the shadow: where it comes from, what it is held against, and what is said of it. */
import type { ServerState } from "./admin/status.ts";
import type { Config } from "./config.ts";
import type { ShadowEvent, Sitting } from "./decisions/shadow.ts";
import type { Activation } from "./policy/activation.ts";
import { CandidateRelease, type CandidateState } from "./policy/candidate.ts";
import type { LivePolicy, LiveRelease } from "./policy/live.ts";
import { type CheckResult, PolicySource } from "./policy/source.ts";
import { placeOf, shownPlace } from "./release-place.ts";
import type { Memory } from "./server-memory.ts";
import type { Telemetry } from "./server-telemetry.ts";

interface SeatParts {
  readonly memory: Memory;
  readonly live: LivePolicy;
  readonly activation: Activation;
  readonly telemetry: Telemetry;
}

export class CandidateSeat {
  readonly release: CandidateRelease;
  /** Where it lies, for people. */
  readonly place: string;
  readonly #source: PolicySource;
  readonly #memory: Memory;
  readonly #live: LivePolicy;
  readonly #telemetry: Telemetry;

  /** @param place - `policy.candidate`. */
  constructor(
    place: string,
    { policy }: Pick<Config, "policy">,
    { memory, live, activation, telemetry }: SeatParts,
  ) {
    this.place = shownPlace(place);
    this.#memory = memory;
    this.#live = live;
    this.#telemetry = telemetry;
    this.release = new CandidateRelease({
      ...{ activation, live, place: this.place },
      now: () => memory.releases.now(),
      onEngineEvent: (candidate, event) => memory.shadow.engineEvent(candidate, event),
      onChange: () => this.#seat(),
      onRefused: ({ step, message }) => {
        telemetry.metrics.candidateRefused(step);
        telemetry.alarms.raise("CANDIDATE_REFUSED", `${step}: ${message}`);
      },
    });
    this.#source = new PolicySource({
      place: placeOf(place, policy.fetch),
      pollMs: policy.poll,
      live: this.release,
      taker: this.release,
    });
    memory.followShadow((event) => this.#onShadow(event));
  }

  /** Begins to look for it; nobody waits for what is found. */
  start(): void {
    this.#telemetry.metrics.shadow(() => ({
      candidate: this.#memory.shadow.sitting?.candidate.identity,
      waiting: this.#memory.shadow.waiting,
    }));
    void this.#source.start();
  }

  /** Looks for a new one now. What does not lie there is no error. */
  async check(): Promise<CheckResult> {
    const { error, ...result } = await this.#source.checkNow();
    return error === undefined || this.release.lastError === undefined ? result : { ...result, error };
  }

  /** Another release is live. */
  onLive(): void {
    void this.release.reconsider();
    this.#seat();
  }

  async close(): Promise<void> {
    this.#memory.shadow.end();
    await this.#source.close();
    await this.release.close();
  }

  /** Has the candidate judge what the live release decides, where there are both. */
  #seat(): void {
    const { shadow } = this.#memory;
    const live = this.#live.current;
    const candidate = this.release.current;
    const { sitting } = shadow;
    if (candidate === undefined || live === undefined || candidate.identity.sha256 === live.identity.sha256) {
      shadow.end();
      return;
    }
    if (sitting?.candidate === candidate && sitting.against.sha256 === live.identity.sha256) return;
    shadow.begin(candidate, live);
    this.#telemetry.log.candidate(candidate.identity, live.identity);
  }

  #onShadow(event: ShadowEvent): void {
    const { metrics, alarms, log } = this.#telemetry;
    if (event.type === "judged") metrics.shadowJudged(event.live, event.candidate, event.change);
    else if (event.type === "skipped") metrics.shadowSkipped(event.why);
    else if (event.type === "fault") metrics.shadowFault(event.reason);
    else if (event.type === "broken") log.exception("shadow", event.error);
    else {
      const { revision, sha256 } = event.candidate.identity;
      this.release.stop(event.candidate);
      alarms.raise("SHADOW_STOPPED", `the candidate ${revision} (${sha256}) failed again and again`);
    }
  }
}

/** What `/v1/status` says of it. */
export function candidateState(
  { candidate: seat, live }: { readonly candidate: CandidateSeat | undefined; readonly live: LivePolicy },
  { shadow, releases }: Memory,
): Pick<ServerState, "candidate"> {
  if (seat === undefined) return {};
  const { current, state, lastError: refused } = seat.release;
  const { sitting } = shadow;
  const tooOld = current?.age.refusalAt(releases.now());
  const why = tooOld?.message ?? (sitting === undefined ? IDLE[state](live.current) : undefined);
  return {
    candidate: {
      ...{ place: seat.place, state },
      ...(current === undefined ? {} : current.identity),
      ...(current?.statement === undefined ? {} : { expires_at: current.statement.expires_at }),
      ...(sitting === undefined ? {} : { shadow: countsOf(sitting, shadow.waiting) }),
      ...(why === undefined ? {} : { why }),
      ...(refused === undefined ? {} : { refused }),
    },
  };
}

/** Why nothing is judged. */
const IDLE: Readonly<Record<CandidateState, (live: LiveRelease | undefined) => string>> = {
  absent: () => "nothing good lies at its place",
  proven: (live) =>
    live === undefined
      ? "no release is live that it could be held against"
      : "it is the archive that is live, under another statement",
  live: () => "it is live",
  stopped: () => "its engine failed too often; it is tried again when it changes, or at a reload",
};

function countsOf({ since, against, tally, facts }: Sitting, waiting: number) {
  const { decisions, pushes, skipped } = tally;
  return {
    ...{ since, against, prepared: facts.isPrepared, waiting, skipped },
    decisions: {
      same: decisions.same,
      newly_approved: decisions.newly_approved.count,
      newly_refused: decisions.newly_refused.count,
      other_reasons: decisions.other_reasons.count,
      failed: decisions.failed.count,
    },
    pushes: {
      same: pushes.same,
      no_longer_flagged: pushes.no_longer_flagged.count,
      newly_flagged: pushes.newly_flagged.count,
      other_reasons: pushes.other_reasons.count,
      failed: pushes.failed.count,
    },
  };
}
