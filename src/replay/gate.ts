/**
 * The gate before a release goes live: the decisions of the last days are judged by it, and it is let through where no
 * more of those that were refused would be approved than are allowed.
 *
 * What can't be judged is no proof. A run is
 *
 * - **running** while decisions are read and judged. One that takes longer than it may, in which an evaluation ran into
 *   its limit, or that the ledger fails, says nothing that lasts: it is **late**, and tried again;
 * - **refused** where too many would be newly approved, or where more of the decisions could not be judged than could:
 *   their documents are pruned, of another version, or the release fails on them;
 * - **passed** otherwise; also where there is no decision at all, as on the first day;
 * - **skipped** for what was live last: nothing changes by it.
 *
 * A decision that asked history something else than this release does lacks its answers: there the release's rules
 * refuse, and nothing is newly approved.
 */
import type { Change } from "../decisions/changes.ts";
import { LedgerError } from "../ledger/ledger.ts";
import type { ReleaseGate } from "../policy/activation.ts";
import type { LiveRelease } from "../policy/live.ts";
import {
  LateReleaseError,
  PassingReleaseError,
  ReleaseError,
  type ReleaseIdentity,
} from "../policy/release.ts";
import { messageOf } from "../thrown.ts";
import { type DecisionHistory, type Replay, replayDecisions } from "./replay.ts";

/**
 * @property replayMs - decisions of so long ago and later.
 * @property limitMs - how long a run may take.
 * @property now - the time of decisions, milliseconds since the epoch.
 */
export interface GateOptions {
  readonly history: DecisionHistory;
  readonly replayMs: number;
  readonly maxNewlyApproved: number;
  readonly limitMs: number;
  readonly now: () => number;
  readonly onBegin?: () => void;
  readonly onEnd?: (run: GateRun) => void;
}

/**
 * The newest run.
 *
 * @property at - when it began or, once it has ended, when it did; milliseconds since the epoch.
 * @property done, total - entries looked at.
 * @property replay - what came of it; absent where it has not come to an end.
 * @property message - why it was not let through.
 */
export interface GateRun {
  readonly release: ReleaseIdentity;
  readonly state: "running" | "passed" | "refused" | "late" | "skipped";
  readonly at: number;
  readonly done: number;
  readonly total: number;
  readonly replay?: Replay;
  readonly message?: string;
}

const DAY_MS = 86_400_000;
const MAX_RULES = 5;

export class ReplayGate implements ReleaseGate {
  readonly #options: GateOptions;
  readonly #closing = new AbortController();
  #run: GateRun | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get run(): GateRun | undefined {
    return this.#run;
  }

  skip({ identity: release }: LiveRelease): void {
    this.#end({ release, state: "skipped", done: 0, total: 0 });
  }

  async check(next: LiveRelease): Promise<void> {
    const { history, replayMs, limitMs, now } = this.#options;
    const { identity: release } = next;
    const progress = (done: number, total: number): void => {
      // Its place had it when it was read, and is not looked at meanwhile: it would fail on the rest as stale.
      next.age.confirm(now());
      this.#run = { release, state: "running", at: began, done, total };
    };
    const began = now();
    progress(0, 0);
    this.#options.onBegin?.();
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(limitMs)]);
    let replay: Replay | undefined;
    try {
      replay = await replayDecisions(history, next, { since: began - replayMs, signal, progress });
      this.#assertPassed(replay);
    } catch (error) {
      const refusal = this.#refusalOf(error);
      const isLate = refusal instanceof PassingReleaseError || refusal instanceof LateReleaseError;
      this.#end({
        ...{ release, state: isLate ? "late" : "refused", message: refusal.message },
        ...{ done: this.#run?.done ?? 0, total: this.#run?.total ?? 0 },
        ...(replay === undefined ? {} : { replay }),
      });
      throw refusal;
    }
    const { done, total } = this.#run ?? { done: 0, total: 0 };
    this.#end({ release, state: "passed", done, total, replay });
  }

  /** Ends a run that is under way. */
  close(): void {
    this.#closing.abort();
  }

  /** @throws {ReleaseError} */
  #assertPassed(replay: Replay): void {
    const { maxNewlyApproved, replayMs } = this.#options;
    const { replayed, newly_approved, failed, pruned, unreadable } = replay;
    const since = `the last ${spanText(replayMs)}`;
    const late = failed.by_rule.find(({ code }) => code === "POLICY_TIMEOUT");
    if (late !== undefined) {
      throw new LateReleaseError(
        "gate",
        `${late.count} of ${replayed} decisions of ${since} took longer than limits.evaluation, such as ${late.examples.join(" ")}`,
      );
    }
    if (newly_approved.count > maxNewlyApproved) {
      throw new ReleaseError(
        "gate",
        `${newly_approved.count} of ${replayed} decisions of ${since} would be newly approved, at most ${maxNewlyApproved} may be: ${rulesText(newly_approved)}`,
      );
    }
    const judged = replayed - failed.count;
    const unjudged = failed.count + pruned + unreadable;
    if (unjudged > judged) {
      throw new ReleaseError(
        "gate",
        `only ${judged} of ${judged + unjudged} decisions of ${since} could be judged: ${failed.count} failed in this release, ${pruned} are pruned, ${unreadable} not readable any more`,
      );
    }
  }

  #refusalOf(error: unknown): ReleaseError {
    if (error instanceof ReleaseError) return error;
    if (this.#closing.signal.aborted) return new PassingReleaseError("gate", "the server stops", error);
    if (error instanceof LedgerError) {
      return new PassingReleaseError("gate", `past decisions can't be read: ${error.message}`, error);
    }
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    if (!isLate) {
      const why = messageOf(error);
      return new PassingReleaseError("gate", `the replay failed: ${why}`, error);
    }
    const { done = 0, total = 0 } = this.#run ?? {};
    return new LateReleaseError(
      "gate",
      `the replay took longer than policy.gate.limit: ${done} of ${total} entries in ${spanText(this.#options.limitMs)}`,
      error,
    );
  }

  #end(run: Omit<GateRun, "at">): void {
    this.#run = { ...run, at: this.#options.now() };
    this.#options.onEnd?.(this.#run);
  }
}

/** The rules that refused then, the most frequent first. */
function rulesText({ by_rule }: Change): string {
  const shown = by_rule
    .slice(0, MAX_RULES)
    .map(
      ({ rule, code, count, examples }) =>
        `${count} refused by ${rule ?? "the host"} ${code} (${examples.join(" ")})`,
    );
  const more = by_rule.length - MAX_RULES;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

function spanText(ms: number): string {
  if (ms % DAY_MS === 0) return `${ms / DAY_MS} days`;
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000} hours` : `${ms / 1_000} seconds`;
}
