/** `POST /v1/promote`: an operator has the candidate decide. */
import { Hono } from "hono";
import { z } from "zod";
import { LedgerError } from "../ledger/ledger.ts";
import type { Promotion } from "../policy/admission.ts";
import { type Meant, type Promoted, PromoteError } from "../policy/candidate.ts";
import { ReleaseError } from "../policy/release.ts";
import { sha256Text } from "../sha256.ts";
import { bodyOf, reasonSchema } from "./body.ts";
import { type AdminEnvironment, mayOperate } from "./environment.ts";
import { ProblemError } from "./problem.ts";

const body = z.strictObject({
  reason: reasonSchema,
  /** Of the archive that is meant: another one is not promoted. */
  sha256: sha256Text.optional(),
  /** Of its statement, likewise: the same archive may be signed anew. */
  sequence: z.int().min(0).optional(),
});

/** @property isKept - whether it stays live over a restart. */
type Result = Promoted & { readonly isKept: boolean };

/** @throws {PromoteError} where nothing was promoted. */
export type Promote = (promotion: Promotion, meant: Meant) => Promise<Result>;

export interface PromoteRoutes {
  readonly promote: Promote;
  readonly operated: (who: string, what: string) => void;
}

export function promoteRoutes({ promote, operated }: PromoteRoutes): Hono<AdminEnvironment> {
  const app = new Hono<AdminEnvironment>();
  app.post("/v1/promote", mayOperate, async (context) => {
    const { reason, ...meant } = await bodyOf(context, body);
    const by = context.get("operator").name;
    try {
      const { live, previous = null, isKept } = await promote({ by, reason }, meant);
      operated(by, `promote ${live.sha256}`);
      const { sequence, revision } = live;
      return context.json({
        live: { revision, sequence, sha256: live.sha256 },
        previous,
        lasts: isKept ? "kept" : "until_changed",
      });
    } catch (error) {
      throw problemOf(error);
    }
  });
  return app;
}

function problemOf(error: unknown): unknown {
  if (!(error instanceof PromoteError)) return error;
  const { code, message, cause } = error;
  if (!(cause instanceof ReleaseError)) return new ProblemError(409, `${sentence(message)}`, { code });
  if (cause.cause instanceof LedgerError) {
    const why = "Nothing was promoted: its entry could not be written, or past ones not be read.";
    return new ProblemError(503, `${why} The ledger: ${cause.cause.message}.`, { code: cause.cause.code });
  }
  return new ProblemError(409, `Nothing was promoted. ${sentence(message)}`, { code, step: cause.step });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
