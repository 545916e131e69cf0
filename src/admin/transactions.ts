/** One transaction: `GET /v1/transactions/{id}`, and `POST …/release`, which gives back what it reserved. */
import { Hono } from "hono";
import { z } from "zod";
import type { Operations } from "../decisions/operations.ts";
import type { FullTransaction } from "../ledger/query-types.ts";
import { bodyOf, reasonOnly } from "./body.ts";
import { bookingOf } from "./booking.ts";
import { type AdminEnvironment, mayOperate, onLedger } from "./environment.ts";
import { askHistory, type History } from "./history.ts";
import { ProblemError } from "./problem.ts";
import { exactText, queryOf } from "./query.ts";

/** Of several installations' organizations, whose transaction is meant. */
const query = z.strictObject({ organization: exactText.optional() });

export interface TransactionRoutes {
  readonly history: History;
  readonly operations: Operations;
  readonly operated: (who: string, what: string) => void;
}

export function transactionRoutes(routes: TransactionRoutes): Hono<AdminEnvironment> {
  const { history, operations, operated } = routes;
  const app = new Hono<AdminEnvironment>();

  const find = async (name: string, url: string): Promise<FullTransaction> => {
    const { organization } = queryOf(url, query);
    const found = await askHistory(() => history.transaction(name, organization));
    if (found === undefined) throw new ProblemError(404, "No transaction has this name.");
    return found;
  };

  app.get("/v1/transactions/:id", async (context) => {
    const found = await find(context.req.param("id"), context.req.url);
    return context.json({ ...found, booking: bookingOf(found) });
  });

  app.post("/v1/transactions/:id/release", mayOperate, async (context) => {
    const { reason } = await bodyOf(context, reasonOnly);
    const name = context.req.param("id");
    const { transaction, movements } = await find(name, context.req.url);
    const by = context.get("operator").name;
    const released = await onLedger(
      () => operations.release(name, movements, { by, reason }),
      "The release could not be written down: what the transaction reserved stays counted.",
    );
    if (released.length > 0) operated(by, `release ${name}`);
    return context.json({ transaction, released: released.map((held) => ({ ...held, state: "released" })) });
  });
  return app;
}
