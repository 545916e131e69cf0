/**
 * What the rules find of a push (design 3.6). The same requirements speak as for a signing, and the same failures are
 * failures; but what happened on a chain asks for no approval, so that nothing here gives one or needs one.
 */
import { Refusal } from "../input/refusal.ts";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import type { PushOutcome } from "../ledger/rows.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { Outcome, Reason } from "../policy/verdict.ts";
import { askPolicy, explain, type Judgement, judgeByRelease, refused, withinLimit } from "./decide.ts";
import type { Bench } from "./desk.ts";
import { answerFacts } from "./facts.ts";
import type { VerifiedRequest } from "./request.ts";
import type { Shadow, ShadowSight } from "./shadow.ts";
import type { Ticket, Tickets } from "./tickets.ts";

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
 * What history is asked of, and how long after a message's arrival its rules may take, in milliseconds.
 *
 * @property shadow - is shown what is judged; absent: nobody is.
 */
export interface JudgeContext {
  readonly ledger: Ledger;
  readonly tickets: Tickets;
  readonly limitMs: number;
  readonly shadow?: Pick<Shadow, "see"> | undefined;
}

/** @property request - with the facts that its rules asked for. @property sight - what the shadow saw of it. */
export interface JudgedPush {
  readonly request: VerifiedRequest;
  readonly judgement: PushJudgement;
  readonly sight?: ShadowSight | undefined;
}

/**
 * Judges a push's document. What is on its way counts as if it were in the ledger already: what happened on a chain is
 * not judged once more where one of those before it is refused. Never throws.
 *
 * @param request - its document, without facts. @param own - the ticket of what it moves.
 */
export async function judgePush(
  request: VerifiedRequest,
  own: Ticket,
  bench: Bench,
  { ledger, tickets, limitMs, shadow }: JudgeContext,
): Promise<JudgedPush> {
  const { document } = request;
  const queries = bench.live?.factQueries(document.kind) ?? [];
  let asked = request;
  try {
    const { facts } = ledger.read((snapshot) =>
      answerFacts(document, queries, own, tickets.before(own), snapshot),
    );
    if (Object.keys(facts).length > 0) asked = request.withFacts(facts);
  } catch (error) {
    return { request, judgement: withoutHistory(error) };
  }
  const sight = shadow?.see(document, bench.live, own, tickets.before(own));
  return { request: asked, judgement: await judgeAsked(asked, bench, limitMs), sight };
}

/** Judges a push's document that has its facts. Never throws. @param limitMs - after its arrival, milliseconds. */
export async function judgeAsked(
  request: VerifiedRequest,
  bench: Bench,
  limitMs: number,
): Promise<PushJudgement> {
  const judgement = withinLimit(judgeByRelease(request, bench, weigh), request.startedAt, limitMs);
  return pushJudgement(await judgement);
}

function withoutHistory(error: unknown): PushJudgement {
  const refusal =
    error instanceof LedgerError
      ? new Refusal(error.code, error.message)
      : new Refusal("INTERNAL", "history could not be asked");
  return pushJudgement(refused("failed", refusal, error));
}

async function weigh(request: VerifiedRequest, live: LiveRelease): Promise<Judgement> {
  const answer = await askPolicy(request, live);
  if ("failed" in answer) return answer.failed;
  const { verdict, text, evaluateMs } = answer;
  return { evaluateMs, ...(await explain(verdict, text, live)) };
}

/** That no rule approves is nothing that is wrong with a push. */
export function pushJudgement({
  outcome: found,
  reasons,
  alerts,
  cause,
}: Pick<Judgement, "outcome" | "reasons" | "alerts" | "cause">): PushJudgement {
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
