/** An entry as a verification reads it: its columns, and of its row what the other tables are derived from. */
import { z } from "zod";
import { blob, type Columns, integer, orNull, text } from "./paged-rows.ts";
import { movementSchema, namesSchema } from "./rows.ts";

/**
 * In the order of {@link readEntry}. What is only compared comes as one text: a column costs a reader more than the
 * whole comparison.
 */
export const ENTRY_SELECT = `seq, at, CAST(row AS BLOB), hash, tx,
  json_array(type, id, at, source, request_id, lower(hex(identity)), is_answer, outcome, wallet) FROM entries`;

/** The columns of an entry. */
export interface ChainedEntry {
  readonly seq: number;
  readonly at: number;
  /** In UTF-8: it is hashed as it is, and parsed once. */
  readonly row: Uint8Array;
  readonly hash: Uint8Array;
  readonly tx: number | null;
  /** {@link ENTRY_COLUMNS} as a JSON array. */
  readonly columns: string;
}

/** What a row says again. The identity is in hex, empty for none. */
export const ENTRY_COLUMNS = [
  ...["type", "id", "at", "source", "request_id", "identity", "is_answer", "outcome", "wallet"],
] as const;

export function readEntry([seq, at, row, hash, tx, columns]: Columns): ChainedEntry {
  return {
    seq: integer(seq),
    at: integer(at),
    row: blob(row),
    hash: blob(hash),
    tx: orNull(tx, integer),
    columns: text(columns),
  };
}

const head = { id: z.string(), at: z.number() };
const reasonSchema = z.object({ rule: z.string().optional(), code: z.string() });
const digest = z.string();

const decisionSchema = z.object({
  type: z.literal("decision"),
  ...head,
  source: z.string(),
  request_id: z.string(),
  outcome: z.string(),
  reasons: z.array(reasonSchema),
  alerts: z.array(reasonSchema),
  input_sha256: digest,
  token_sha256: digest.optional(),
  identity: digest,
  answers: z.boolean(),
  wallet: z.string().optional(),
  transaction: namesSchema.optional(),
  signing: z.string().optional(),
  movements: z.array(movementSchema).optional(),
});
const otherSchema = z.object({
  type: z.enum(["freeze", "unfreeze", "release", "alarm", "mark"]),
  ...head,
});

/** What of a row is held against its columns and the derived tables. */
export const checkedRowSchema = z.discriminatedUnion("type", [
  decisionSchema,
  z.object({
    type: z.literal("refusal"),
    ...head,
    source: z.string(),
    request_id: z.string(),
    code: z.string(),
    token_sha256: digest,
  }),
  z.object({ type: z.literal("act"), ...head, act: z.string(), movements: z.array(z.int()).optional() }),
  otherSchema,
]);

export type CheckedRow = z.infer<typeof checkedRowSchema>;
export type CheckedDecision = z.infer<typeof decisionSchema>;
