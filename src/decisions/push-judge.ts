/**
 * What the rules find of a push (design 3.6). The same requirements speak as for a signing, and the same failures are
 * failures; but what happened on a chain asks for no approval, so that nothing here gives one or needs one.
 */
import type { PushOutcome } from "../ledger/rows.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { Outcome, Reason } from "../policy/verdict.ts";
import { askPolicy, explain, type Judgement, judgeByRelease, withinLimit } from "./decide.ts";
import type { Bench } from "./desk.ts";
import type { VerifiedRequest } from "./request.ts";

/**
 * @property outcome - `pending` where the rules could not be asked; why is the one reason.
 * @property reasons - of a push that is `flagged`: each requirement that was not met. Of one that is `pending`: why.
 * @property alerts - requirements that were not met and flag nothing.
 * @property cause - what went wrong inside, for the log alone.
 */
export interface PushJudgement {
  readonly outcome: PushOutcome;
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
  readonly cause?: unknown;
}

/**
 * Judges a push's document, with its facts. Never throws.
 *
 * @param limitMs - how long after its arrival the answer may come.
 */
export async function judgePush(
  request: VerifiedRequest,
  bench: Bench,
  limitMs: number,
): Promise<PushJudgement> {
  return pushJudgement(await withinLimit(judgeByRelease(request, bench, weigh), request.startedAt, limitMs));
}

async function weigh(request: VerifiedRequest, live: LiveRelease): Promise<Judgement> {
  const answer = await askPolicy(request, live);
  if ("failed" in answer) return answer.failed;
  const { verdict, text, evaluateMs } = answer;
  return { evaluateMs, ...(await explain(verdict, text, live)) };
}

/** That no rule approves is nothing that is wrong with a push. */
export function pushJudgement({ outcome: found, reasons, alerts, cause }: Judgement): PushJudgement {
  const outcome = OUTCOMES[found] ?? (alerts.length > 0 ? "noted" : "clear");
  return {
    outcome,
    reasons: outcome === "flagged" || outcome === "pending" ? reasons : [],
    alerts,
    ...(cause === undefined ? {} : { cause }),
  };
}

const OUTCOMES: Partial<Record<Outcome, PushOutcome>> = {
  denied: "flagged",
  held: "flagged",
  failed: "pending",
};
