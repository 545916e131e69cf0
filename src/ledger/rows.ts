/**
 * The rows of the chain as they are read back: what an entry's canonical JSON says, by its type. Members that are
 * not named here stay as they are, so that an older version reads a newer row.
 */
import { z } from "zod";
import { CHANNELS, KINDS, PUSH_STATUSES } from "../input/document.ts";
import { CONSEQUENCES } from "../policy/verdict.ts";
import { SEVERITIES } from "../severity.ts";
import { FLAG_ROLES, LedgerError, MOVEMENT_STATES } from "./ledger.ts";

const text = z.string();
const at = z.int().min(0);
const head = { id: text, at };

const reasonSchema = z.looseObject({
  rule: text.optional(),
  code: text,
  message: text,
  severity: z.enum(SEVERITIES),
  consequence: z.enum(CONSEQUENCES),
  values: z.record(z.string(), z.unknown()).optional(),
  absent: z.array(text).optional(),
});

/** Which content of each list was looked into, by the lists' names. */
const listVersionsSchema = z.record(text, z.object({ sequence: z.int(), sha256: text }));

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
  lists: listVersionsSchema.optional(),
  timings: z.record(z.string(), z.number()),
  identity: text,
  token_sha256: text.optional(),
  wallet: text.optional(),
  transaction: namesSchema.optional(),
  signing: text.optional(),
  slot: text.optional(),
  movements: z.array(movementSchema).optional(),
  /** Movements of a confirmation that this approval takes over: from here on it is counted in their place. */
  takes_over: z.array(z.int()).optional(),
  /** The addresses that it is paid from, whatever the outcome: they are watched from here on. */
  sources: z.array(text).optional(),
  answers: z.boolean(),
});

/** A flag as the row of the entry that raises it has it. */
export const flagSchema = z.object({
  id: text,
  severity: z.enum(SEVERITIES),
  rule: text.optional(),
  code: text,
  message: text,
  key: text.optional(),
  values: z.record(z.string(), z.unknown()).optional(),
  marks: z.array(z.object({ kind: z.enum(["address", "outpoint"]), value: text, role: z.enum(FLAG_ROLES) })),
  chain: text.optional(),
  token: text.optional(),
  units: text.optional(),
  decimals: z.int().optional(),
  usd_micros: text.optional(),
});

const transitionSchema = z.object({ movements: z.array(z.int()), state: z.enum(MOVEMENT_STATES) });

/** What the rules found of a push; `pending` where they could not be asked. */
export const PUSH_OUTCOMES = ["clear", "noted", "flagged", "pending"] as const;

const judgedSchema = {
  outcome: z.enum(PUSH_OUTCOMES),
  reasons: z.array(reasonSchema),
  alerts: z.array(reasonSchema),
  flags: z.array(flagSchema.loose()),
  resolves: z.array(text),
  release: z.object({ revision: text, sequence: z.int(), sha256: text }).optional(),
  input_sha256: text.optional(),
  facts: z.record(z.string(), z.unknown()).optional(),
  lists: listVersionsSchema.optional(),
};

/**
 * @property readable - whether there is a document: else `kind` and `status` are absent, too.
 * @property message_sha256 - of the message's bytes, hex; @property token_sha256 - of the signed message as it is kept.
 * @property story - what all pushes of the transaction so far add up to, for the next one: see `push-story.ts`.
 * @property late - whether it tells of an earlier time than a push before it: it is kept, and changes nothing.
 */
const pushRowSchema = z.looseObject({
  type: z.literal("push"),
  ...head,
  channel: z.enum(CHANNELS),
  kind: z.enum(KINDS).optional(),
  source: text,
  status: z.enum(PUSH_STATUSES).optional(),
  readable: z.boolean(),
  late: z.boolean(),
  message_sha256: text,
  token_sha256: text,
  ...judgedSchema,
  story: z.unknown().optional(),
  transaction: namesSchema.optional(),
  signing: text.optional(),
  state: z.enum(MOVEMENT_STATES).optional(),
  movements: z.array(movementSchema).optional(),
  transition: transitionSchema.optional(),
});

/** @property push - the id of the push that was judged again; @property why - `release` or `query`. */
const judgementRowSchema = z.looseObject({
  type: z.literal("judgement"),
  ...head,
  push: text,
  why: text,
  transaction: namesSchema.optional(),
  ...judgedSchema,
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

/**
 * @property movements - numbers of the movements that an act `release` released; @property flag - the id of the flag that
 *   an act `resolve_flag` resolved.
 */
const actRowSchema = z.looseObject({
  type: z.literal("act"),
  ...head,
  act: text,
  reason: text,
  by: text,
  movements: z.array(z.int()).optional(),
  flag: text.optional(),
});

const rowSchema = z.discriminatedUnion("type", [
  decisionRowSchema,
  refusalRowSchema,
  pushRowSchema,
  judgementRowSchema,
  actRowSchema,
  z.looseObject({
    type: z.literal("freeze"),
    ...head,
    scope: z.array(text).min(1),
    reason: text,
    by: text,
  }),
  z.looseObject({ type: z.literal("unfreeze"), ...head, freeze: text, reason: text, by: text }),
  /** `by` and `reason` where it was promoted. */
  z.looseObject({
    type: z.literal("release"),
    ...head,
    revision: text,
    sequence: z.int(),
    sha256: text,
    by: text.optional(),
    reason: text.optional(),
  }),
  z.looseObject({
    type: z.literal("list"),
    ...head,
    list: text,
    sequence: z.int(),
    sha256: text,
    entries: z.int(),
    audience: text,
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
export type PushRow = z.infer<typeof pushRowSchema>;
export type PushOutcome = (typeof PUSH_OUTCOMES)[number];
export type JudgementRow = z.infer<typeof judgementRowSchema>;
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
