/**
 * The rows of the chain as they are read back: what an entry's canonical JSON says, by its type. Members that are
 * not named here stay as they are, so that an older version reads a newer row.
 */
import { z } from "zod";
import { CHANNELS, KINDS } from "../input/document.ts";
import { LedgerError } from "./ledger.ts";

const text = z.string();
const at = z.int().min(0);
const head = { id: text, at };

const reasonSchema = z.looseObject({
  rule: text.optional(),
  code: text,
  message: text,
  severity: z.enum(["low", "medium", "high", "critical"]),
  consequence: z.enum(["deny", "hold", "alert"]),
  values: z.record(z.string(), z.unknown()).optional(),
  absent: z.array(text).optional(),
});

const movementSchema = z.object({
  organization: text.optional(),
  project: text.optional(),
  vault: text.optional(),
  wallet: text.optional(),
  chain: text.optional(),
  token: text.optional(),
  sources: z.array(text),
  outpoints: z.array(text),
  destination: text.optional(),
  initiator: text.optional(),
  kind: text,
  direction: z.enum(["in", "out"]),
  units: text.optional(),
  usd_micros: text.optional(),
  nonce: text.optional(),
});

const namesSchema = z.object({ organization: text, names: z.array(text) });

/**
 * @property input_sha256 - of the stored document's text, hex. @property token_sha256 - of the compact token.
 * @property identity - what was asked, hex (design 3.7).
 * @property answers - whether it is the answer to its request from then on.
 * @property timings - microseconds, integers.
 */
export const decisionRowSchema = z.looseObject({
  type: z.literal("decision"),
  ...head,
  channel: z.enum(CHANNELS),
  kind: z.enum(KINDS),
  source: text,
  request_id: text,
  outcome: z.enum(["approved", "denied", "held", "unapproved", "failed"]),
  action: z.enum(["APPROVE", "REJECT"]).optional(),
  reasons: z.array(reasonSchema),
  alerts: z.array(reasonSchema),
  release: z.object({ revision: text, sequence: z.int(), sha256: text }).optional(),
  input_sha256: text,
  facts: z.record(z.string(), z.unknown()),
  timings: z.record(z.string(), z.number()),
  identity: text,
  token_sha256: text.optional(),
  wallet: text.optional(),
  transaction: namesSchema.optional(),
  signing: text.optional(),
  slot: text.optional(),
  movements: z.array(movementSchema).optional(),
  answers: z.boolean(),
});

const refusalRowSchema = z.looseObject({
  type: z.literal("refusal"),
  ...head,
  source: text,
  request_id: text,
  code: text,
  message: text,
  token_sha256: text,
});

/** @property movements - numbers of the movements that an act `release` released. */
const actRowSchema = z.looseObject({
  type: z.literal("act"),
  ...head,
  act: text,
  reason: text,
  by: text,
  movements: z.array(z.int()).optional(),
});

const rowSchema = z.discriminatedUnion("type", [
  decisionRowSchema,
  refusalRowSchema,
  actRowSchema,
  z.looseObject({
    type: z.literal("freeze"),
    ...head,
    scope: z.array(text).min(1),
    reason: text,
    by: text,
  }),
  z.looseObject({ type: z.literal("unfreeze"), ...head, freeze: text, reason: text, by: text }),
  z.looseObject({
    type: z.literal("release"),
    ...head,
    revision: text,
    sequence: z.int(),
    sha256: text,
  }),
  z.looseObject({ type: z.literal("alarm"), ...head, code: text, message: text }),
  z.looseObject({
    type: z.literal("mark"),
    ...head,
    mark: z.enum(["start", "stop", "resumed"]),
    message: text,
  }),
]);

export type DecisionRow = z.infer<typeof decisionRowSchema>;
export type ActRow = z.infer<typeof actRowSchema>;
export type Row = z.infer<typeof rowSchema>;

/** @throws LedgerError `LEDGER_CORRUPT` where a row is not what its type says. */
export function parseRow(row: string): Row {
  let value: unknown;
  try {
    value = JSON.parse(row);
  } catch (error) {
    throw new LedgerError("LEDGER_CORRUPT", "a row is not JSON", error);
  }
  const parsed = rowSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new LedgerError(
    "LEDGER_CORRUPT",
    `a row is not of its type's shape at ${issue?.path.join(".") ?? ""}`,
    parsed.error,
  );
}

/** Names of the rules and codes of a decision's reasons and alerts: what it is found by. */
export function rulesOf(row: {
  readonly reasons: readonly { readonly rule?: string | undefined; readonly code: string }[];
  readonly alerts: readonly { readonly rule?: string | undefined; readonly code: string }[];
}): string[] {
  const names = new Set<string>();
  for (const { rule, code } of [...row.reasons, ...row.alerts]) {
    if (rule !== undefined) names.add(rule);
    names.add(code);
  }
  return [...names];
}
