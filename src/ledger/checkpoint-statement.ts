/**
 * A checkpoint's statement: the ledger's head at a moment, signed. One line: a compact JWS (EdDSA over Ed25519)
 * whose header is always the same, so that a short script can verify it.
 */
import { type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { sha256Text } from "../sha256.ts";
import { LedgerError } from "./ledger.ts";

export const STATEMENT_TYPE = "countersign.checkpoint/1";

const HEADER = Buffer.from('{"alg":"EdDSA"}').toString("base64url");
/** Longer than any statement. */
const MAX_LENGTH = 4_096;

const statementSchema = z.strictObject({
  type: z.literal(STATEMENT_TYPE),
  seq: z.int().min(0),
  hash: sha256Text,
  at: z.int().min(0),
  resumed: z.literal(true).optional(),
});

/**
 * @property seq - the number of the newest entry; 0 for an empty ledger, with a hash of zeros.
 * @property hash - that entry's, hex.
 * @property at - milliseconds since the epoch.
 * @property resumed - an operator accepted a chain that the anchor contradicted: what was stated before counts no
 *   more.
 */
export type CheckpointStatement = z.infer<typeof statementSchema>;

export function signStatement(statement: CheckpointStatement, key: KeyObject): string {
  const signed = `${HEADER}.${Buffer.from(JSON.stringify(statement)).toString("base64url")}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
}

/**
 * What a statement says, whoever signed it.
 *
 * @throws LedgerError `LEDGER_CORRUPT` where it is no statement.
 */
export function readStatement(statement: string): CheckpointStatement {
  const parts = statement.length > MAX_LENGTH ? [] : statement.split(".");
  const [header, payload = ""] = parts;
  if (parts.length === 3 && header === HEADER) {
    const parsed = statementSchema.safeParse(parseJson(Buffer.from(payload, "base64url").toString("utf8")));
    if (parsed.success) return parsed.data;
  }
  throw new LedgerError("LEDGER_CORRUPT", "what stands there is no checkpoint statement");
}

/**
 * As {@link readStatement}, with its signature.
 *
 * @throws LedgerError `LEDGER_CORRUPT` also where another key signed it, or none.
 */
export function verifyStatement(statement: string, key: KeyObject): CheckpointStatement {
  const read = readStatement(statement);
  const dot = statement.lastIndexOf(".");
  const signature = Buffer.from(statement.slice(dot + 1), "base64url");
  if (!verify(null, Buffer.from(statement.slice(0, dot)), key, signature)) {
    throw new LedgerError("LEDGER_CORRUPT", `the checkpoint of entry ${read.seq} is not signed by this key`);
  }
  return read;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
