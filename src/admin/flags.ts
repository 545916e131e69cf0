/** What was flagged: `GET /v1/flags`, and `POST /v1/flags/{id}/resolve`, after which it blocks nothing any more. */
import { setTimeout } from "node:timers/promises";
import { Hono } from "hono";
import { z } from "zod";
import type { Operations } from "../decisions/operations.ts";
import { foldedAddress } from "../input/address.ts";
import { LedgerError, type StoredFlag } from "../ledger/ledger.ts";
import type { FlagItem, OpenFlags } from "../ledger/query-types.ts";
import { flagSchema } from "../ledger/rows.ts";
import { bodyOf, reasonOnly } from "./body.ts";
import { type AdminEnvironment, mayOperate, onLedger } from "./environment.ts";
import { askHistory, type History } from "./history.ts";
import { ProblemError } from "./problem.ts";
import { exactText, page, queryOf } from "./query.ts";

/** The status does not wait longer for the ledger's answers to people. */
const COUNT_MS = 2_000;

const listQuery = z.strictObject({
  state: z.enum(["open", "resolved"], "open or resolved").optional(),
  severity: flagSchema.shape.severity.optional(),
  address: exactText.transform(foldedAddress).optional(),
  ...page,
});

export interface FlagRoutes {
  readonly history: History;
  readonly operations: Operations;
  readonly operated: (who: string, what: string) => void;
}

export function flagRoutes({ history, operations, operated }: FlagRoutes): Hono<AdminEnvironment> {
  const app = new Hono<AdminEnvironment>();

  app.get("/v1/flags", async (context) => {
    const filter = queryOf(context.req.url, listQuery);
    return context.json(await askHistory(() => history.flags(filter)));
  });

  app.post("/v1/flags/:id/resolve", mayOperate, async (context) => {
    const { reason } = await bodyOf(context, reasonOnly);
    const id = context.req.param("id");
    const by = context.get("operator").name;
    const resolution = await onLedger(
      () => operations.resolveFlag(id, { by, reason }),
      "That it is resolved could not be written down: the flag stays open.",
    );
    if (resolution.result === "absent") throw new ProblemError(404, "No flag has this id.");
    if (resolution.result === "already_resolved") {
      throw new ProblemError(409, "This flag is resolved already.");
    }
    operated(by, `resolve flag ${id}`);
    return context.json(
      resolvedItem(resolution.flag, { seq: resolution.seq, at: resolution.at, by, reason }),
    );
  });
  return app;
}

/** How many flags are open; undefined where the ledger can't say it now. */
export async function openFlags(history: History): Promise<OpenFlags | undefined> {
  const late = new AbortController();
  const counted = history.openFlags().catch((error: unknown) => {
    if (error instanceof LedgerError) return undefined;
    throw error;
  });
  const tooLate = setTimeout(COUNT_MS, undefined, { signal: late.signal }).catch(() => undefined);
  try {
    return await Promise.race([counted, tooLate]);
  } finally {
    late.abort();
  }
}

/** A flag that was resolved now, as the lists show it. */
function resolvedItem(flag: StoredFlag, resolved: NonNullable<FlagItem["resolved"]>): FlagItem {
  const { id, entry, at, names, key: _key, transaction: _transaction, resolved: _before, ...said } = flag;
  return { id, seq: entry, at, ...said, transaction: names, state: "resolved", resolved };
}
