/** An entry as a verification reads it. */
import { LedgerError } from "./ledger.ts";
import { blob, type Columns, castText, integer } from "./paged-rows.ts";

/**
 * In the order of {@link readEntry}. What is small comes as one text: each column that the driver hands over costs
 * more than the comparison of all of them.
 */
export const ENTRY_SELECT = `seq, CAST(row AS BLOB), CAST(json_array(lower(hex(hash)), tx,
  at, type, id, source, request_id, lower(hex(identity)), is_answer, outcome, wallet) AS BLOB) FROM entries`;

type Column = string | number | null;

/** The columns of an entry. */
export interface ChainedEntry {
  readonly seq: number;
  readonly at: number;
  /** In UTF-8: it is hashed as it is, and parsed once. */
  readonly row: Uint8Array;
  /** In hex. */
  readonly hash: string;
  readonly tx: number | null;
  /** Those of {@link ENTRY_COLUMNS}. */
  readonly columns: readonly Column[];
}

/** What a row says again. The identity is in hex, empty for none. */
export const ENTRY_COLUMNS = [
  ...["at", "type", "id", "source", "request_id", "identity", "is_answer", "outcome", "wallet"],
] as const;

export function readEntry([seq, row, columns]: Columns): ChainedEntry {
  const values: unknown = JSON.parse(castText(columns));
  if (!Array.isArray(values)) throw notReadable();
  const [hash, tx, ...said]: Column[] = values.map(columnOf);
  const [at] = said;
  if (typeof hash !== "string" || typeof tx === "string" || typeof at !== "number") throw notReadable();
  return { seq: integer(seq), at, row: blob(row), hash, tx: tx ?? null, columns: said };
}

function columnOf(value: unknown): Column {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  throw notReadable();
}

function notReadable(): LedgerError {
  return new LedgerError("LEDGER_CORRUPT", "the columns of an entry are not readable");
}
