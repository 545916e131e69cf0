/** The kill switch over HTTP: `GET /v1/freezes`, `POST /v1/freeze`, `POST /v1/unfreeze`. */
import { Hono } from "hono";
import { z } from "zod";
import { type Freeze, FreezeScopeError, type Freezes, parseScope } from "../decisions/freeze.ts";
import type { Operations } from "../decisions/operations.ts";
import { bodyOf, reasonSchema } from "./body.ts";
import { type AdminEnvironment, mayOperate, onLedger } from "./environment.ts";
import { ProblemError } from "./problem.ts";
import { exactText, page, queryOf } from "./query.ts";

/** One call freezes so many scopes at most; each is looked at in every decision. */
const MAX_SCOPES = 100;
/** Stands for the file in lists; it is lifted by removing the file. */
const FILE_ID = "FREEZE";

const scopeSchema = z.string("not a scope").superRefine((text, context) => {
  try {
    parseScope(text);
  } catch (error) {
    if (!(error instanceof FreezeScopeError)) throw error;
    context.addIssue(
      "not a scope: all, organization:ID, vault:ID, wallet:ID, chain:ID, token:ID, destination:[CHAIN/]ADDRESS or initiator:ID",
    );
  }
});

const freezeBody = z.strictObject({
  scope: z.preprocess(
    (scope) => (typeof scope === "string" ? [scope] : scope),
    z
      .array(scopeSchema, "a scope or an array of scopes is required")
      .min(1, "a scope is required")
      .max(MAX_SCOPES, `at most ${MAX_SCOPES} scopes`)
      .transform((scopes) => [...new Set(scopes)]),
  ),
  reason: reasonSchema,
});

const unfreezeBody = z.strictObject({ id: exactText, reason: reasonSchema });

const listQuery = z.strictObject(page);

/**
 * A freeze in force, as `/v1/freezes` and `/v1/status` show it.
 *
 * The file `FREEZE` is one without `at`.
 */
export const freezeSchema = z.object({
  id: z.string(),
  scope: z.array(z.string()).readonly(),
  /** Milliseconds since the epoch. */
  at: z.int().min(0).optional(),
  reason: z.string(),
  by: z.string(),
  code: z.literal("LEDGER_BEHIND").optional(),
});
export type ShownFreeze = z.infer<typeof freezeSchema>;

/** What freezes now, newest first; before all of them the file, where it is there. */
export function shownFreezes(freezes: Freezes): readonly ShownFreeze[] {
  const byFile = freezes.fileFreeze();
  const listed = [...freezes.list()].sort(newestFirst);
  return byFile === undefined
    ? listed
    : [{ id: FILE_ID, scope: ["all"], reason: byFile, by: "file" }, ...listed];
}

export interface FreezeRoutes {
  readonly freezes: Freezes;
  readonly operations: Operations;
  readonly operated: (who: string, what: string) => void;
}

export function freezeRoutes({ freezes, operations, operated }: FreezeRoutes): Hono<AdminEnvironment> {
  const app = new Hono<AdminEnvironment>();

  app.get("/v1/freezes", (context) => {
    const { limit, cursor } = queryOf(context.req.url, listQuery);
    const shown = shownFreezes(freezes);
    const rest = cursor === undefined ? shown : shown.filter(isAfter(cursor));
    const items = rest.slice(0, limit);
    const last = items.at(-1);
    const next = rest.length > limit && last !== undefined ? { next: `${last.at ?? ""}.${last.id}` } : {};
    return context.json({ items, ...next });
  });

  app.post("/v1/freeze", mayOperate, async (context) => {
    const { scope, reason } = await bodyOf(context, freezeBody);
    const by = context.get("operator").name;
    operated(by, `freeze ${scope.join(" ")}`);
    const { id, at } = await onLedger(
      () => operations.freeze(scope, { by, reason }),
      "The freeze is in force, but it could not be written down: it ends with this process. " +
        "Put a file FREEZE into the state directory before this process ends: it freezes all, whatever happens.",
    );
    return context.json({ id, scope, at }, 201);
  });

  app.post("/v1/unfreeze", mayOperate, async (context) => {
    const { id, reason } = await bodyOf(context, unfreezeBody);
    if (id === FILE_ID) {
      throw new ProblemError(
        409,
        "Only removing the file FREEZE from the state directory lifts this freeze.",
      );
    }
    const by = context.get("operator").name;
    const lifted = await onLedger(
      () => operations.unfreeze(id, { by, reason }),
      "The unfreezing could not be written down: the freeze stays in force. Try again when the ledger is well.",
    );
    if (!lifted) throw new ProblemError(404, "No freeze in force has this id.");
    operated(by, `unfreeze ${id}`);
    return context.json({ id });
  });
  return app;
}

function newestFirst(a: Freeze, b: Freeze): number {
  return b.at - a.at || (a.id < b.id ? 1 : -1);
}

/** What comes after the cursor in the list's order, whether or not what it names is still in force. */
function isAfter(cursor: string): (freeze: ShownFreeze) => boolean {
  const [, digits, id] = /^(\d{0,15})\.(\w{1,64})$/.exec(cursor) ?? [];
  if (digits === undefined || id === undefined) throw new ProblemError(400, "cursor: not one of this list.");
  const at = digits === "" ? Number.POSITIVE_INFINITY : Number(digits);
  return (freeze) => freeze.at !== undefined && (freeze.at < at || (freeze.at === at && freeze.id < id));
}
