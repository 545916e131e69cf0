/**
 * What a release says of a document that another one decides, or decided: by its rules alone, without an approval and
 * without words. Nobody is answered by it.
 */
import type { LiveRelease } from "../policy/live.ts";
import type { Outcome, Reason } from "../policy/verdict.ts";
import { askPolicy, explain, heldReason, type Judgement, judgeByRelease } from "./decide.ts";
import type { VerifiedRequest } from "./request.ts";

/**
 * @property reasons, alerts - with the titles of their rules.
 * @property words - asks for the rules' own words, and gives the reasons with them.
 */
export interface QuietJudgement {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly alerts: readonly Reason[];
  words(): Promise<readonly Reason[]>;
}

/**
 * Judges a document that has its facts. Never throws: a failure is the outcome `failed`.
 *
 * @param request - its document is complete, and passed what the host itself demands of it.
 */
export async function judgeQuietly(request: VerifiedRequest, release: LiveRelease): Promise<QuietJudgement> {
  let words: QuietJudgement["words"] | undefined;
  const judgement = await judgeByRelease(request, { live: release }, async (): Promise<Judgement> => {
    const answer = await askPolicy(request, release);
    if ("failed" in answer) return answer.failed;
    const { verdict, text, evaluateMs } = answer;
    const { outcome, alerts } = verdict;
    const whole = (reasons: readonly Reason[]) =>
      outcome === "held" ? [heldReason(reasons), ...reasons] : reasons;
    words = async () => whole((await release.during(() => explain(verdict, text, release))).reasons);
    return { outcome, reasons: whole(verdict.reasons), alerts, evaluateMs, explainMs: 0 };
  });
  const { outcome, reasons, alerts } = judgement;
  return { outcome, reasons, alerts, words: words ?? (async () => reasons) };
}
