/** `POST /v1/prices/{token}/accept`: an operator takes the step of a price that was refused. */
import { Hono } from "hono";
import { bodyOf, reasonOnly } from "./body.ts";
import { type AdminEnvironment, mayOperate, onLedger } from "./environment.ts";
import { ProblemError } from "./problem.ts";

/** @property at - when the price was of, milliseconds since the epoch. */
export interface AcceptedStep {
  readonly usd: string;
  readonly at: number;
}

/**
 * Accepts the step that waits; durable, with who did it and why, when it resolves.
 *
 * @returns undefined where no step of this token waits.
 * @throws LedgerError where it can't be written down: then it is not accepted.
 */
export type AcceptPrice = (token: string, reason: string, who: string) => Promise<AcceptedStep | undefined>;

export interface PriceRoutes {
  readonly acceptPrice: AcceptPrice;
  readonly operated: (who: string, what: string) => void;
}

export function priceRoutes({ acceptPrice, operated }: PriceRoutes): Hono<AdminEnvironment> {
  const app = new Hono<AdminEnvironment>();
  app.post("/v1/prices/:token/accept", mayOperate, async (context) => {
    const { reason } = await bodyOf(context, reasonOnly);
    const token = context.req.param("token");
    const who = context.get("operator").name;
    const accepted = await onLedger(
      () => acceptPrice(token, reason, who),
      "The price could not be written down, so it is not accepted: the token has none until it is.",
    );
    if (accepted === undefined) {
      throw new ProblemError(404, "No step of this token's price waits to be accepted.");
    }
    operated(who, `accept price ${token}`);
    return context.json({ token, usd: accepted.usd, at: accepted.at });
  });
  return app;
}
