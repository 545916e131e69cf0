/**
 * From a verified request to a decision.
 *
 * The order is fixed: the host's invariants, the document against its own schema, the policy, the combination,
 * and only then the words for people. Whatever goes wrong on the way refuses, each thing under its own code:
 * there is no path to an approval but the last line of `judge`.
 */
import { fitsSchema } from "../input/check-document.ts";
import { type Document, documentSchema } from "../input/document.ts";
import { Refusal } from "../input/refusal.ts";
import { combine, withWords } from "../policy/combine.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { Outcome, Reason, Verdict } from "../policy/verdict.ts";
import { Approval } from "./approval.ts";
import type { Decision } from "./decision.ts";
import { decisionId } from "./decision-id.ts";
import {
  assertEvidence,
  assertHashesFit,
  assertInScope,
  assertParticipant,
  assertSignatureFits,
  type Scope,
} from "./invariants.ts";
import type { VerifiedRequest } from "./request.ts";

/** What a decision needs besides the request. `decisionMs` is the limit of the whole decision. */
export interface DecideContext {
  readonly live: LiveRelease | undefined;
  /** The step at which the newest release was refused, for the answer that none is live. */
  readonly refusedStep?: string | undefined;
  readonly scope: Scope;
  readonly decisionMs: number;
  /** Why nothing may be approved for a document now; absent in a dry run, where nothing is frozen. */
  readonly frozen?: (document: Document) => Refusal | undefined;
}

/** A decision, and the approval where, and only where, its outcome is `approved`. */
export interface Decided {
  readonly decision: Decision;
  readonly approval?: Approval;
  /** What went wrong inside, for the log alone: never part of an answer. */
  readonly cause?: unknown;
  /** The answer was given before and stands in the ledger since then. */
  readonly repeated?: boolean;
}

/** What was found of a request, before it is written down. */
export interface Judgement {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
  readonly approval?: Approval;
  readonly evaluateMs: number;
  readonly explainMs: number;
  readonly cause?: unknown;
}

/** The reason that goes with a refusal of the host. Host refusals are critical: they come first. */
export function reasonOf(refusal: Refusal): Reason {
  return {
    code: refusal.code,
    message: refusal.message,
    severity: "critical",
    consequence: "deny",
    ...(refusal.values === undefined ? {} : { values: refusal.values }),
  };
}

/**
 * Decides one request without writing anything down: a dry run, whose approval answers nobody. Never throws: a
 * failure of ours is the outcome `failed`, which answers REJECT.
 *
 * @returns the decision, with an {@link Approval} exactly where its outcome is `approved`.
 */
export async function decide(request: VerifiedRequest, context: DecideContext): Promise<Decided> {
  const judgement = await judgeInTime(request, context);
  return decidedOf(request, judgement, context.live);
}

/** Judges one request within the limit of its decision. Never throws. */
export function judgeInTime(request: VerifiedRequest, context: DecideContext): Promise<Judgement> {
  return withinLimit(judge(request, context), request.startedAt, context.decisionMs);
}

/** @param at - milliseconds since the epoch, where it is not the document's `now`. */
export function decidedOf(
  request: VerifiedRequest,
  judgement: Judgement,
  live: LiveRelease | undefined,
  at: number = request.document.now.ms,
): Decided {
  const { document, input } = request;
  const decision: Decision = {
    id: decisionId(),
    at,
    channel: document.channel,
    kind: document.kind,
    source: document.request.source,
    request_id: document.request.id,
    outcome: judgement.outcome,
    action: judgement.approval === undefined ? "REJECT" : "APPROVE",
    reasons: judgement.reasons,
    alerts: judgement.alerts,
    ...(live === undefined ? {} : { release: live.identity }),
    input_sha256: request.inputDigest(),
    facts: document.facts ?? {},
    ...(input.lists === undefined ? {} : { lists: input.lists }),
    timings: {
      normalize: request.normalizeMs,
      evaluate: judgement.evaluateMs,
      explain: judgement.explainMs,
      total: performance.now() - request.startedAt,
    },
  };
  return {
    decision,
    ...(judgement.approval === undefined ? {} : { approval: judgement.approval }),
    ...(judgement.cause === undefined ? {} : { cause: judgement.cause }),
  };
}

async function judge(request: VerifiedRequest, context: DecideContext): Promise<Judgement> {
  const { document } = request.input;
  try {
    assertParticipant(request.participant, request.participants);
    assertInScope(document, context.scope);
    assertSignatureFits(document);
    assertHashesFit(document);
    assertEvidence(document);
    const frozen = context.frozen?.(document);
    if (frozen !== undefined) throw frozen;
  } catch (error) {
    if (error instanceof Refusal) return refused(outcomeOf(error), error);
    return refused("failed", internal("an invariant could not be checked"), error);
  }
  return await judgeByRelease(request, context, judgeByPolicy);
}

/**
 * What the live release says of a document that is complete; `failed` where there is none of either. Never throws.
 *
 * @param weigh - runs while the release is kept.
 */
export async function judgeByRelease(
  request: VerifiedRequest,
  { live, refusedStep }: Pick<DecideContext, "live" | "refusedStep">,
  weigh: (request: VerifiedRequest, live: LiveRelease) => Promise<Judgement>,
): Promise<Judgement> {
  try {
    assertComplete(request.document);
    if (live === undefined) throw policyAbsent(refusedStep);
    const tooOld = live.age.refusalAt(request.document.now.ms);
    if (tooOld !== undefined) throw tooOld;
    return await live.during(() => weigh(request, live));
  } catch (error) {
    if (error instanceof Refusal) return refused("failed", error, error.cause);
    return refused("failed", internal("the decision could not be made"), error);
  }
}

/** What is wrong with the ledger is our failure, and no answer that stays. */
export function outcomeOf({ code }: Refusal): "denied" | "failed" {
  return code.startsWith("LEDGER_") ? "failed" : "denied";
}

/** No paths of this machine here: the answer travels on. `/readyz` and the log have the whole story. */
function policyAbsent(refusedStep: string | undefined): Refusal {
  const why = refusedStep === undefined ? "" : `; the newest was refused at the step ${refusedStep}`;
  return new Refusal("POLICY_ABSENT", `no policy release is live${why}`);
}

/** The document is ours: where it breaks its own schema, the fault is ours too. */
function assertComplete(document: Document): void {
  if (fitsSchema(document)) return;
  const issues = documentSchema.safeParse(document).error?.issues ?? [];
  const where = issues.map((issue) => ` at ${issue.path.join(".")}`).slice(0, 3);
  throw new Refusal("INTERNAL", `the input document breaks its schema${where.join(",")}`);
}

async function judgeByPolicy(request: VerifiedRequest, live: LiveRelease): Promise<Judgement> {
  const answer = await askPolicy(request, live);
  if ("failed" in answer) return answer.failed;
  const { verdict, text, evaluateMs } = answer;
  if (verdict.outcome === "approved") {
    const approval = Approval.grant(request, { type: "verdict", verdict }, live);
    const { outcome, reasons, alerts } = verdict;
    return { outcome, reasons, alerts, approval, evaluateMs, explainMs: 0 };
  }

  const { outcome, reasons, alerts, explainMs } = await explain(verdict, text, live);
  const all = verdict.outcome === "held" ? [heldReason(reasons), ...reasons] : reasons;
  return { outcome, reasons: all, alerts, evaluateMs, explainMs };
}

/** A verdict on a document's text; `failed` where the evaluation was. */
type PolicyAnswer =
  | { readonly verdict: Verdict; readonly text: string; readonly evaluateMs: number }
  | { readonly failed: Judgement };

export async function askPolicy(request: VerifiedRequest, live: LiveRelease): Promise<PolicyAnswer> {
  const { input } = request;
  const { document } = input;
  const started = performance.now();
  const text = live.index.reads_raw ? request.textWithRaw() : request.text;
  const answer = await live.engine.evaluate("countersign/decision", text);
  const evaluateMs = performance.now() - started;
  if (!answer.ok) return { failed: failedPolicy(new Refusal(answer.code, answer.message), live) };
  const verdict = combine({
    index: live.index,
    group: document.group,
    kind: document.kind,
    absent: live.reads.absentReads(document.group, input),
    result: answer.result,
    modes: live.hostData.modes ?? {},
  });
  return { verdict, text, evaluateMs };
}

/** The evaluation failed; where its message points into a rule's file, that rule is named as any other. */
function failedPolicy(refusal: Refusal, live: LiveRelease): Judgement {
  const rule = live.index.rules.find(({ file }) => refusal.message.includes(`${file}:`))?.name;
  const judgement = refused("failed", refusal);
  if (rule === undefined) return judgement;
  return { ...judgement, reasons: judgement.reasons.map((reason) => ({ rule, ...reason })) };
}

/** What a hold answers with: the host's code, since the node knows no third answer, and the rule's words. */
export function heldReason(reasons: readonly Reason[]): Reason {
  const [first] = reasons.filter(({ consequence }) => consequence === "hold");
  return {
    code: "HELD",
    message: `a human decides: ${first?.code ?? ""} ${first?.message ?? ""}`.trim(),
    severity: first?.severity ?? "high",
    consequence: "hold",
    values: { rules: reasons.map(({ rule, code }) => `${rule ?? ""} ${code}`) },
  };
}

/** Rules quote the document. Of a longer one each is asked alone, so that all of them together are not too much. */
const LONG_TEXT = 100_000;

type Explained = Pick<Judgement, "outcome" | "reasons" | "alerts" | "explainMs">;

/** Adds the rules' own words. The verdict stands before this is asked; a failure here costs words only. */
export async function explain(verdict: Verdict, text: string, live: LiveRelease): Promise<Explained> {
  const { outcome, refusedRules: rules } = verdict;
  let { reasons, alerts } = verdict;
  if (rules.length === 0) return { outcome, reasons, alerts, explainMs: 0 };
  const started = performance.now();
  for (const asked of text.length > LONG_TEXT ? rules.map((rule) => [rule]) : [rules]) {
    const question = `${text.slice(0, -1)},"explain":${JSON.stringify(asked)}}`;
    const words = await live.engine.evaluate("countersign/explain", question);
    if (!words.ok) continue;
    reasons = withWords(reasons, words.result);
    alerts = withWords(alerts, words.result);
  }
  return { outcome, reasons, alerts, explainMs: performance.now() - started };
}

export function refused(outcome: "denied" | "failed", refusal: Refusal, cause?: unknown): Judgement {
  return {
    outcome,
    reasons: [reasonOf(refusal)],
    alerts: [],
    evaluateMs: 0,
    explainMs: 0,
    ...(cause === undefined ? {} : { cause }),
  };
}

function internal(message: string): Refusal {
  return new Refusal("INTERNAL", message);
}

/**
 * A decision that comes too late is no decision: the node has given up or will soon. The time counts from the
 * request's arrival, and is looked at again when the judgement is there: a timer alone may fire late itself.
 */
export async function withinLimit(
  judgement: Promise<Judgement>,
  startedAt: number,
  limitMs: number,
): Promise<Judgement> {
  const late = () => refused("failed", new Refusal("OVERLOADED", `no decision within ${limitMs} ms`));
  const spent = () => performance.now() - startedAt;
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<Judgement>((resolve) => {
    timer = setTimeout(() => resolve(late()), Math.max(0, limitMs - spent()));
  });
  try {
    const first = await Promise.race([judgement, timeUp]);
    return spent() > limitMs ? late() : first;
  } finally {
    clearTimeout(timer);
  }
}
