/** `GET /v1/shadow`: what the candidate would have decided otherwise, by rule, with examples. */
import { Hono } from "hono";
import type { Changes } from "../decisions/changes.ts";
import type { Sitting } from "../decisions/shadow.ts";
import type { OutcomePair, PushChanges, ShadowExample, ShadowSkip } from "../decisions/shadow-tally.ts";
import type { ReleaseIdentity } from "../policy/release.ts";
import type { AdminEnvironment } from "./environment.ts";
import { ProblemError } from "./problem.ts";

/**
 * What one candidate judged against one live release.
 *
 * @property since - milliseconds since the epoch. @property outcomes - how often the one said this where the other said
 *   that.
 */
export interface ShadowReport {
  readonly candidate: ReleaseIdentity;
  readonly against: ReleaseIdentity;
  readonly since: number;
  readonly outcomes: readonly OutcomePair[];
  readonly decisions: Changes<ShadowExample>;
  readonly pushes: PushChanges;
  readonly skipped: Readonly<Record<ShadowSkip, number>>;
}

export function reportOf({ candidate, against, since, tally }: Sitting): ShadowReport {
  const { pairs: outcomes, decisions, pushes, skipped } = tally;
  return { candidate: candidate.identity, against, since, outcomes, decisions, pushes, skipped };
}

/** @param report - undefined where nothing is judged in the shadow. */
export function shadowRoutes(report: () => ShadowReport | undefined): Hono<AdminEnvironment> {
  const app = new Hono<AdminEnvironment>();
  app.get("/v1/shadow", (context) => {
    const found = report();
    if (found === undefined) throw new ProblemError(404, "No candidate judges in the shadow now.");
    return context.json(found);
  });
  return app;
}
