/** One request or push through all that judges it, as the server would, with a clock and facts of one's own. */
import { normalize, participantsOf } from "../channels/tss/normalize.ts";
import { parseCallback } from "../channels/tss/wire.ts";
import { decide, reasonOf } from "../decisions/decide.ts";
import type { Decision } from "../decisions/decision.ts";
import { decisionId } from "../decisions/decision-id.ts";
import { VerifiedRequest } from "../decisions/request.ts";
import { see } from "../evidence/evidence.ts";
import { nowMembers } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
import { Refusal } from "../input/refusal.ts";
import { activate } from "../policy/activate.ts";
import { knowledgeOf } from "../policy/assets.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { Reason } from "../policy/verdict.ts";
import { confirmationOf, type EvaluatedPush, evaluatePush, pushOf } from "./evaluate-push.ts";
import { readGivenOrInput } from "./given-file.ts";
import { type GivenFiles, givenMembers } from "./given-members.ts";
import { UsageError } from "./output.ts";
import { releaseBytes } from "./release-file.ts";

const EVALUATION_MS = 2_000;
const DECISION_MS = 10_000;

/** The channels that `eval` has a reader for. */
export const EVAL_CHANNELS = ["tss.v2", "tss.v1", "push.custodial", "push.mpc", "confirm.waas1"] as const;
export type EvalChannel = (typeof EVAL_CHANNELS)[number];

export interface EvaluateOptions extends GivenFiles {
  /** A file's path, or `-` for standard input. */
  readonly request: string;
  readonly channel: EvalChannel;
  readonly nowMs: number;
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
  if (channel === "push.custodial" || channel === "push.mpc") {
    return await evaluatePush(pushOf(bytes, channel, live, nowMs), live, complete, DECISION_MS);
  }
  const request =
    channel === "confirm.waas1"
      ? confirmationOf(bytes, live, nowMs, complete)
      : callbackOf(bytes, live, complete, { payload: channel === "tss.v2" ? "v2" : "v1", nowMs, file });
  const { decision } = await decide(request, { live, scope: {}, decisionMs: DECISION_MS });
  return decision;
}

function callbackOf(
  packageData: Uint8Array,
  live: LiveRelease,
  complete: (document: Document) => Document,
  { payload, nowMs, file }: { readonly payload: "v1" | "v2"; readonly nowMs: number; readonly file: string },
): VerifiedRequest {
  const startedAt = performance.now();
  const parsed = parseCallback(packageData, payload);
  if (parsed.type === "ping") throw new UsageError(`${file} is a ping: it is answered without a policy`);
  const knowledge = knowledgeOf(live.hostData);
  const now = nowMembers(nowMs, "UTC");
  const normalized = normalize(parsed, { source: "eval", receivedAt: nowMs, now, ...knowledge });
  const { raw } = normalized;
  return new VerifiedRequest({
    input: { document: complete(see(normalized, knowledge)), raw },
    identity: parsed.identity,
    participants: participantsOf(parsed),
    startedAt,
    normalizeMs: performance.now() - startedAt,
  });
}
