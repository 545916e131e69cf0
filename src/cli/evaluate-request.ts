/** One request or push through all that judges it, as the server would, with a clock and facts of one's own. */
import { decide, reasonOf } from "../decisions/decide.ts";
import type { Decision } from "../decisions/decision.ts";
import { decisionId, pushId } from "../decisions/decision-id.ts";
import { judgeAsked } from "../decisions/push-judge.ts";
import type { Channel, Document, Kind } from "../input/document.ts";
import { Refusal } from "../input/refusal.ts";
import type { PushOutcome } from "../ledger/rows.ts";
import { activate } from "../policy/activate.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { ReleaseIdentity } from "../policy/release.ts";
import { type CaseChannel, isTold } from "../policy/self-tests.ts";
import type { Reason } from "../policy/verdict.ts";
import { dryRequest } from "../proof/dry-run.ts";
import { proverOf } from "../proof/prove.ts";
import { readGivenOrInput } from "./given-file.ts";
import { type GivenFiles, givenMembers } from "./given-members.ts";
import { UsageError } from "./output.ts";
import { releaseBytes } from "./release-file.ts";

const EVALUATION_MS = 2_000;
const DECISION_MS = 10_000;

export interface EvaluateOptions extends GivenFiles {
  /** A file's path, or `-` for standard input. */
  readonly request: string;
  readonly channel: CaseChannel;
  readonly nowMs: number;
}

/** What the rules find of a push; what only the ledger knows of it (its story, what was approved) is not looked at. */
interface EvaluatedPush {
  readonly id: string;
  readonly at: number;
  readonly channel: Channel;
  readonly kind: Kind;
  readonly outcome: PushOutcome;
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
  readonly release: ReleaseIdentity;
}

/** What was decided or found, or what makes the request unusable before there is a document to judge. */
export type Evaluated =
  | Decision
  | EvaluatedPush
  | { readonly id: string; readonly outcome: "unusable"; readonly reasons: readonly Reason[] };

/**
 * @param path - a release file, or a folder of Rego, which is built first.
 * @throws UsageError where a file cannot be read or used.
 * @throws ReleaseError where the release could not go live.
 */
export async function evaluateRequest(path: string, options: EvaluateOptions): Promise<Evaluated> {
  const complete = await givenMembers(options);
  const bytes = await readGivenOrInput(options.request);
  const live = await activate(await releaseBytes(path), {
    trust: "unsigned",
    source: path,
    prover: proverOf(),
    evaluationMs: EVALUATION_MS,
  });
  try {
    return await evaluate(bytes, live, complete, options);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { id: decisionId(), outcome: "unusable", reasons: [reasonOf(error)] };
  } finally {
    await live.engine.close();
  }
}

async function evaluate(
  bytes: Uint8Array,
  live: LiveRelease,
  complete: (document: Document) => Document,
  { channel, nowMs, request: file }: EvaluateOptions,
): Promise<Evaluated> {
  const request = await dryRequest(bytes, channel, live, { nowMs, complete });
  if (request === undefined) throw new UsageError(`${file} is a ping: it is answered without a policy`);
  if (!isTold(channel)) {
    return (await decide(request, { live, scope: {}, decisionMs: DECISION_MS })).decision;
  }
  const bench = { live, refusedStep: undefined };
  const { outcome, reasons, alerts } = await judgeAsked(request, bench, DECISION_MS);
  const { kind, now } = request.document;
  return { id: pushId(), at: now.ms, channel, kind, outcome, reasons, alerts, release: live.identity };
}
