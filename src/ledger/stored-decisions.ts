/** Pages of decisions as they were judged, with their documents: for judging them again. Newest first. */
import { type Document, documentSchema } from "../input/document.ts";
import { decodeBody } from "./body-encoding.ts";
import { blob, integer, orNull, text, utf8Of } from "./paged-rows.ts";
import type { Connection } from "./read-connection.ts";
import { type DecisionRow, parseRow } from "./rows.ts";
import { firstSince, lastSeq } from "./seek.ts";

/** A page holds no more documents than this many bytes, and one. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;

/**
 * @property document - as it was judged, and `text`, its text; absent where it is pruned, or of another version.
 * @property isPruned - whether it is gone.
 * @property token - as the node signed it; only where the page was asked for with tokens.
 */
export interface StoredDecision
  extends Pick<DecisionRow, "id" | "channel" | "outcome" | "reasons" | "identity"> {
  readonly document?: { readonly value: Document; readonly text: string };
  readonly isPruned: boolean;
  readonly token?: string;
}

/** Entries from `first` on and before `end`, by their numbers in the chain. */
export interface StoredRange {
  readonly first: number;
  readonly end: number;
}

/**
 * @property limit - at most so many decisions.
 * @property tokens - whether the requests' tokens are wanted, too.
 */
export interface StoredPageQuestion extends StoredRange {
  readonly limit: number;
  readonly tokens: boolean;
}

/** @property next - the `end` of the next page; absent where there is none. */
export interface StoredPage {
  readonly items: readonly StoredDecision[];
  readonly next?: number;
}

/** Where decisions of a time and later are. @param since - milliseconds since the epoch; absent: all of them. */
export function findStoredRange(database: Connection, since: number | undefined): StoredRange {
  return { first: since === undefined ? 1 : firstSince(database, since), end: lastSeq(database) + 1 };
}

/** The newest of a range. @throws LedgerError where a row is not what it was. */
export function findStoredDecisions(
  database: Connection,
  { first, end, limit, tokens }: StoredPageQuestion,
): StoredPage {
  const statement = database
    .prepare(
      `SELECT e.seq, e.row, b.encoding, b.token, b.document FROM entries e LEFT JOIN bodies b ON b.seq = e.seq
       WHERE e.seq < ? AND e.seq >= ? AND e.type = 'decision' ORDER BY e.seq DESC LIMIT 1`,
    )
    .raw(true);
  const items: StoredDecision[] = [];
  let before = end;
  for (let bytes = 0; items.length < limit && bytes < MAX_PAGE_BYTES; ) {
    const columns = statement.get(before, first);
    if (!Array.isArray(columns)) return { items };
    before = integer(columns[0]);
    const stored = storedOf(columns, tokens);
    bytes += stored.document?.text.length ?? 0;
    items.push(stored);
  }
  return { items, next: before };
}

function storedOf(columns: readonly unknown[], tokens: boolean): StoredDecision {
  const row = decisionOf(text(columns[1]));
  const encoding = orNull(columns[2], integer);
  const body =
    encoding === null ? {} : decodeBody(encoding, orNull(columns[3], blob), orNull(columns[4], blob));
  const { id, channel, outcome, reasons, identity } = row;
  const document = body.document === undefined ? undefined : documentOf(utf8Of(body.document));
  return {
    ...{ id, channel, outcome, reasons, identity, isPruned: body.document === undefined },
    ...(document === undefined ? {} : { document }),
    ...(tokens && body.token !== undefined ? { token: utf8Of(body.token) } : {}),
  };
}

function decisionOf(row: string): DecisionRow {
  const parsed = parseRow(row);
  if (parsed.type === "decision") return parsed;
  throw new TypeError("a row of another type than its entry");
}

/** Undefined where another version wrote it. */
function documentOf(json: string): { value: Document; text: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const parsed = documentSchema.safeParse(value);
  return parsed.success ? { value: parsed.data, text: json } : undefined;
}
