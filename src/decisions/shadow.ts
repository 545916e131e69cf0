/**
 * A candidate release judges what the live one decides, and answers nobody: what it would have said otherwise is
 * counted, with examples.
 *
 * A decision is
 *
 * - **seen** while it is made: in the moment in which the live release's facts are read, those that only the candidate
 *   asks for are read as well;
 * - **waiting** once it is on the disk and on its way out: so many at most, those beyond are skipped and counted;
 * - **judged** a little later, a few at a time, in the candidate's own engine: what it says is held against what was
 *   decided.
 *
 * Nothing is reserved and nothing is written, and whatever goes wrong here is the candidate's: an evaluation that fails
 * or runs too long is counted as `failed`. Each fault of its engine counts one, each good judgement takes a tenth of one
 * away: at ten it is **stopped**, since each of them costs what decisions need.
 *
 * What is counted begins anew with each other candidate, with each other release that goes live, and once history is prepared
 * for what only the candidate asks: until then its rules refuse for what is absent.
 */
import type { Document } from "../input/document.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { PushOutcome } from "../ledger/rows.ts";
import type { EngineEvent } from "../policy/engine.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { ReleaseIdentity } from "../policy/release.ts";
import type { Outcome } from "../policy/verdict.ts";
import { type ChangeName, differenceOf, isByHost, type PushChangeName, pushDifferenceOf } from "./changes.ts";
import type { Decision } from "./decision.ts";
import { judgeQuietly } from "./judge-quietly.ts";
import { type PushJudgement, pushJudgement } from "./push-judge.ts";
import type { VerifiedRequest } from "./request.ts";
import { ShadowFacts } from "./shadow-facts.ts";
import { type ShadowSkip, ShadowTally, shown } from "./shadow-tally.ts";
import type { Ticket } from "./tickets.ts";

type Facts = NonNullable<Document["facts"]>;

/**
 * What a decision saw for the candidate.
 *
 * @property live - the release that decides. @property extra - absent where there is no room for it.
 */
export interface ShadowSight {
  readonly sitting: Sitting;
  readonly live: LiveRelease;
  readonly extra: Facts | undefined;
}

/**
 * What happens here, for metrics and alarms.
 *
 * - `judged`: with the two outcomes, and how they differ;
 * - `stopped`: its engine failed too often;
 * - `broken`: a fault of ours, for the log.
 */
export type ShadowEvent =
  | ({ readonly type: "judged" } & Judged)
  | { readonly type: "skipped"; readonly why: ShadowSkip }
  | { readonly type: "fault"; readonly reason: "timeout" | "error" }
  | { readonly type: "stopped"; readonly candidate: LiveRelease }
  | { readonly type: "broken"; readonly error: unknown };

interface Judged {
  readonly live: Outcome | PushOutcome;
  readonly candidate: Outcome | PushOutcome;
  readonly change: ChangeName | PushChangeName;
}

/** One candidate against one live release. @property since - when counting began, milliseconds since the epoch. */
export interface Sitting {
  readonly candidate: LiveRelease;
  readonly against: ReleaseIdentity;
  readonly facts: ShadowFacts;
  since: number;
  tally: ShadowTally;
}

interface Waiting {
  readonly bytes: number;
  readonly judge: () => Promise<void>;
}

const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const MAX_AT_ONCE = 4;
/** By then the answer is out. */
const LATER_MS = 20;
const MAX_FAULTS = 10;
const FAULTS_FORGIVEN = 0.1;

export class Shadow {
  readonly #ledger: Ledger;
  readonly #now: () => number;
  readonly #onEvent: (event: ShadowEvent) => void;
  #sitting: Sitting | undefined;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #judging = 0;
  #later: NodeJS.Timeout | undefined;
  #faults = 0;

  /** @param now - the time of decisions, milliseconds since the epoch. */
  constructor(ledger: Ledger, now: () => number, onEvent: (event: ShadowEvent) => void = () => {}) {
    this.#ledger = ledger;
    this.#now = now;
    this.#onEvent = onEvent;
  }

  /** What is judged now, and what came of it; undefined where nothing is. */
  get sitting(): Sitting | undefined {
    return this.#sitting;
  }

  /** How many decisions wait to be judged. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Judges with this candidate from now on, what this release decides. What was counted stays where both are the same
   * archives as before, under another statement.
   */
  begin(candidate: LiveRelease, live: LiveRelease): void {
    const before = this.#sitting;
    const isSame =
      before !== undefined &&
      before.candidate.identity.sha256 === candidate.identity.sha256 &&
      isAgainst(before, live);
    this.end();
    if (before?.candidate !== candidate) this.#faults = 0;
    const isPrepared = isSame && before.facts.isPrepared;
    const sitting: Sitting = {
      candidate,
      against: live.identity,
      facts: new ShadowFacts(candidate, this.#ledger, () => {
        if (isPrepared) return;
        sitting.since = this.#now();
        sitting.tally = new ShadowTally();
      }),
      since: isSame ? before.since : this.#now(),
      tally: isSame ? before.tally : new ShadowTally(),
    };
    this.#sitting = sitting;
  }

  /** Nothing is judged any more, and nothing is kept. The candidate is its owner's. */
  end(): void {
    this.#sitting?.facts.close();
    this.#sitting = undefined;
    this.#waiting = [];
    this.#bytes = 0;
    clearTimeout(this.#later);
    this.#later = undefined;
  }

  /**
   * To be called in the moment in which the live release's facts were read. Never throws.
   *
   * @param document - without facts. @param own - the ticket of what it moves. @param earlier - those before it.
   * @returns undefined where nothing is judged in the shadow.
   */
  see(
    document: Document,
    live: LiveRelease | undefined,
    own: Ticket,
    earlier: readonly Ticket[],
  ): ShadowSight | undefined {
    const sitting = this.#sitting;
    if (live === undefined || sitting === undefined || !isAgainst(sitting, live)) return undefined;
    const extra = this.#hasRoom() ? sitting.facts.look(document, live, own, earlier) : undefined;
    return { sitting, live, extra };
  }

  /** A decision is on the disk. Never throws. @param request - with the live release's facts. */
  decided(sight: ShadowSight | undefined, request: VerifiedRequest, decision: Decision): void {
    const { id, at, outcome, reasons } = decision;
    this.#take(sight, request, skipOf(decision), async (asked, { tally, candidate }) => {
      const judgement = await judgeQuietly(asked, candidate);
      const difference = differenceOf(decision, judgement);
      const words = difference.change === "same" ? judgement.reasons : await judgement.words();
      tally.decision(difference, {
        ...{ id, at },
        live: shown(outcome, reasons),
        candidate: shown(judgement.outcome, words),
      });
      return { live: outcome, candidate: judgement.outcome, change: difference.change };
    });
  }

  /** A push is on the disk. Never throws. @param found - what the live release's rules found. @param at - milliseconds. */
  taken(
    sight: ShadowSight | undefined,
    request: VerifiedRequest,
    found: PushJudgement,
    id: string,
    at: number,
  ): void {
    const why = found.outcome === "pending" ? "failed_then" : undefined;
    this.#take(sight, request, why, async (asked, { tally, candidate }) => {
      const judgement = await judgeQuietly(asked, candidate);
      const ruled = judgement.reasons.filter(({ rule }) => rule !== undefined);
      const own = pushJudgement(
        judgement.outcome === "failed" ? judgement : { ...judgement, reasons: ruled },
      );
      const difference = pushDifferenceOf(found, own);
      const words = difference.change === "same" ? own.reasons : await judgement.words();
      const said = words.filter(({ rule }) => own.outcome === "pending" || rule !== undefined);
      tally.push(difference, {
        ...{ id, at },
        live: shown(found.outcome, [...found.reasons, ...found.alerts]),
        candidate: shown(own.outcome, [...(own.reasons.length === 0 ? [] : said), ...own.alerts]),
      });
      return { live: found.outcome, candidate: own.outcome, change: difference.change };
    });
  }

  /** What happens to a candidate's engine. */
  engineEvent(candidate: LiveRelease, event: EngineEvent): void {
    if (event.type === "spare_ready" || this.#sitting?.candidate !== candidate) return;
    this.#onEvent({ type: "fault", reason: event.type === "timeout" ? "timeout" : "error" });
    this.#faults += 1;
    if (this.#faults < MAX_FAULTS) return;
    this.end();
    this.#onEvent({ type: "stopped", candidate });
  }

  #skip({ tally }: Sitting, why: ShadowSkip): void {
    tally.skip(why);
    this.#onEvent({ type: "skipped", why });
  }

  #hasRoom(): boolean {
    return this.#waiting.length < MAX_WAITING && this.#bytes < MAX_WAITING_BYTES;
  }

  /** @param why - it is not judged, where it is not. @param work - judges it, and counts what came of it. */
  #take(
    sight: ShadowSight | undefined,
    request: VerifiedRequest,
    why: ShadowSkip | undefined,
    work: (asked: VerifiedRequest, sitting: Sitting) => Promise<Judged>,
  ): void {
    if (sight === undefined || sight.sitting !== this.#sitting) return;
    const { sitting, live, extra } = sight;
    if (why !== undefined) this.#skip(sitting, why);
    else if (extra === undefined || !this.#hasRoom()) this.#skip(sitting, "behind");
    else {
      const bytes = request.text.length + request.input.raw.length;
      this.#waiting.push({ bytes, judge: () => this.#judge(sitting, request, live, extra, work) });
      this.#bytes += bytes;
      this.#startSoon();
    }
  }

  async #judge(
    sitting: Sitting,
    request: VerifiedRequest,
    live: LiveRelease,
    extra: Facts,
    work: (asked: VerifiedRequest, sitting: Sitting) => Promise<Judged>,
  ): Promise<void> {
    if (sitting.candidate.age.refusalAt(this.#now()) !== undefined) {
      this.#skip(sitting, "expired");
      return;
    }
    const judged = await work(sitting.facts.requestFor(request, live, extra), sitting);
    if (this.#sitting !== sitting) return;
    if (judged.change !== "failed") this.#faults = Math.max(0, this.#faults - FAULTS_FORGIVEN);
    this.#onEvent({ type: "judged", ...judged });
  }

  #startSoon(): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      this.#next();
    }, LATER_MS);
    this.#later.unref();
  }

  #next(): void {
    while (this.#judging < MAX_AT_ONCE) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#bytes -= next.bytes;
      this.#judging += 1;
      next
        .judge()
        .catch((error: unknown) => this.#onEvent({ type: "broken", error }))
        .finally(() => {
          this.#judging -= 1;
          this.#next();
        });
    }
  }
}

/** What an earlier live release decided is not what is compared. */
function isAgainst({ against }: Sitting, live: LiveRelease): boolean {
  return live.identity.sha256 === against.sha256;
}

function skipOf({ outcome, reasons }: Decision): ShadowSkip | undefined {
  if (outcome === "failed") return "failed_then";
  return isByHost(reasons) ? "refused_by_host" : undefined;
}
