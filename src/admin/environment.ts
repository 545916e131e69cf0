/** What every path of the admin listener knows of its request. */
import type { HttpBindings } from "@hono/node-server";
import { createMiddleware } from "hono/factory";
import { LedgerError } from "../ledger/ledger.ts";
import { ProblemError, problem } from "./problem.ts";
import type { Operator } from "./tokens.ts";

export interface AdminEnvironment {
  Bindings: HttpBindings;
  Variables: { operator: Operator };
}

/** Lets tokens of the role `operate` through. */
export const mayOperate = createMiddleware<AdminEnvironment>(async (context, next) => {
  if (context.get("operator").role !== "operate") return problem(403, "This token may only read.");
  await next();
  return undefined;
});

/**
 * Does what needs the ledger.
 *
 * @param otherwise - what is in force where the ledger could not be used, and what to do; whole sentences.
 * @throws ProblemError 503 where the ledger can't be used.
 */
export async function onLedger<T>(work: () => T | Promise<T>, otherwise: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    throw new ProblemError(503, `${otherwise} The ledger: ${error.message}.`, { code: error.code });
  }
}
