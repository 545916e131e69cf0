/** What was decided: `GET /v1/decisions`, `GET /v1/decisions/{id}`. */
import { Hono } from "hono";
import { z } from "zod";
import { decisionRowSchema } from "../decisions/entry.ts";
import { parseInstant } from "../input/instant.ts";
import type { AdminEnvironment } from "./environment.ts";
import { askHistory, type History } from "./history.ts";
import { ProblemError } from "./problem.ts";
import { exactText, page, queryOf } from "./query.ts";

const instant = z.string().transform((text, context) => {
  const ms = parseInstant(text);
  if (ms !== undefined) return ms;
  context.addIssue("neither RFC 3339 with its offset (a + is written %2B) nor milliseconds");
  return z.NEVER;
});

const listQuery = z.strictObject({
  since: instant.optional(),
  until: instant.optional(),
  wallet: exactText.optional(),
  outcome: decisionRowSchema.shape.outcome.optional(),
  rule: exactText.optional(),
  request_id: exactText.optional(),
  ...page,
});

export function decisionRoutes(history: History): Hono<AdminEnvironment> {
  const app = new Hono<AdminEnvironment>();

  app.get("/v1/decisions", async (context) => {
    const filter = queryOf(context.req.url, listQuery);
    return context.json(await askHistory(() => history.decisions(filter)));
  });

  app.get("/v1/decisions/:id", async (context) => {
    const id = context.req.param("id");
    queryOf(context.req.url, z.strictObject({}));
    const decision = await askHistory(() => history.decision(id));
    if (decision === undefined) throw new ProblemError(404, "No decision has this id.");
    return context.json(decision);
  });
  return app;
}
