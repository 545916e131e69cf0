/** Flags as people ask for them. As for decisions, each filter has an index to walk that is said here. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { cursorOf, limitOf, readCursor } from "./page-cursor.ts";
import type { FlagFilter, FlagItem, OpenFlags, Page } from "./query-types.ts";
import { flagSchema, parseRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

/** A walk that looks at flags one by one looks at so many for a page, at most. */
const MAX_WALK = 20_000;

interface Found {
  readonly number: number;
  readonly entry: number;
  readonly at: number;
  readonly names: string;
  readonly flag: string;
  readonly resolved: number | null;
  /** The row of the entry that resolved it. */
  readonly row: string | null;
}

/**
 * A page of flags, newest first.
 *
 * @throws QueryError `BAD_LIMIT`, `BAD_CURSOR`
 */
export async function listFlags(database: Kysely<Tables>, filter: FlagFilter): Promise<Page<FlagItem>> {
  const limit = limitOf(filter.limit);
  const high = filter.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(filter.cursor);
  const newest = await newestBelow(database, high);
  const bottom = walkOf(filter).bounded ? Math.max(1, newest - MAX_WALK + 1) : 1;
  const { rows } = await flagsQuery(filter, { low: bottom, high, limit: limit + 1 }).execute(database);
  const items = rows.slice(0, limit).map(flagItem);
  const last = rows[limit - 1];
  if (rows.length > limit && last !== undefined) return { items, next: cursorOf(last.number) };
  return bottom > 1 ? { items, next: cursorOf(bottom) } : { items };
}

/** The statement alone, for the test that holds its plan. */
export function flagsQuery(
  filter: FlagFilter,
  { low, high, limit }: { readonly low: number; readonly high: number; readonly limit: number },
): RawBuilder<Found> {
  const { state, severity, address } = filter;
  const { from, key } = walkOf(filter);
  const conditions = [
    sql`${key} >= ${low} AND ${key} < ${high}`,
    ...(address === undefined ? [] : [sql`m.value = ${address} AND ${FIRST_MARK}`]),
    ...(severity === undefined ? [] : [sql`f.severity = ${severity}`]),
    // A partial index is used where the statement itself says what it is partial by.
    ...(state === undefined
      ? []
      : [state === "open" ? sql`f.resolved IS NULL` : sql`f.resolved IS NOT NULL`]),
  ];
  return sql<Found>`SELECT f.number, f.entry, f.at, f.names, f.flag, f.resolved, e.row
    FROM ${from} LEFT JOIN entries e ON e.seq = f.resolved
    WHERE ${sql.join(conditions, sql` AND `)} ORDER BY ${key} DESC LIMIT ${limit}`;
}

/** An address may be marked twice by a flag, in two roles. */
const FIRST_MARK = sql`NOT EXISTS (SELECT 1 FROM flag_marks other
  WHERE other.flag = m.flag AND other.value = m.value AND (other.kind, other.role) < (m.kind, m.role))`;

interface Walk {
  readonly from: RawBuilder<unknown>;
  readonly key: RawBuilder<unknown>;
  /** It looks at flags one by one. */
  readonly bounded: boolean;
}

/** The index that leaves the fewest to look at, by what filters are for. */
function walkOf({ state, severity, address }: FlagFilter): Walk {
  if (address !== undefined) {
    const from = sql`flag_marks m INDEXED BY flag_marks_value CROSS JOIN flags f ON f.number = m.flag`;
    return { from, key: sql`m.flag`, bounded: false };
  }
  const flags = (from: RawBuilder<unknown>, bounded = false) => ({ from, key: sql`f.number`, bounded });
  if (state === "open") return flags(sql`flags f INDEXED BY flags_open`);
  if (severity !== undefined) return flags(sql`flags f INDEXED BY flags_severity`);
  return flags(sql`flags f NOT INDEXED`, true);
}

async function newestBelow(database: Kysely<Tables>, high: number): Promise<number> {
  const found = await database
    .selectFrom("flags")
    .select("number")
    .where("number", "<", high)
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
  return found?.number ?? 0;
}

/** The flags of a transaction, by its number: newest first. */
export async function flagsOfTransaction(
  database: Kysely<Tables>,
  transaction: number,
  limit: number,
): Promise<FlagItem[]> {
  const { rows } = await transactionFlagsQuery(transaction, limit).execute(database);
  return rows.map(flagItem);
}

/** How many flags are open, by severity. */
export async function countOpenFlags(database: Kysely<Tables>): Promise<OpenFlags> {
  const { rows } = await sql<{ severity: keyof OpenFlags; count: number }>`
    SELECT severity, count(*) AS count FROM flags INDEXED BY flags_open
    WHERE resolved IS NULL GROUP BY severity`.execute(database);
  const counts = { low: 0, medium: 0, high: 0, critical: 0 };
  for (const { severity, count } of rows) counts[severity] = count;
  return counts;
}

/** The statement alone, for the test that holds its plan. */
export function transactionFlagsQuery(transaction: number, limit: number): RawBuilder<Found> {
  return sql<Found>`SELECT f.number, f.entry, f.at, f.names, f.flag, f.resolved, e.row
    FROM flags f INDEXED BY flags_tx LEFT JOIN entries e ON e.seq = f.resolved
    WHERE f.tx = ${transaction} ORDER BY f.number DESC LIMIT ${limit}`;
}

const namesSchema = z.array(z.string());

function flagItem({ entry, at, names, flag, resolved, row }: Found): FlagItem {
  const { id, key: _, ...said } = flagSchema.parse(JSON.parse(flag));
  return {
    ...{ id, seq: entry, at },
    ...said,
    transaction: namesSchema.parse(JSON.parse(names)),
    state: resolved === null ? "open" : "resolved",
    ...(resolved === null || row === null ? {} : { resolved: resolutionOf(row, resolved) }),
  };
}

/** By an operator's act, or by an entry of the server's own. */
function resolutionOf(row: string, seq: number): NonNullable<FlagItem["resolved"]> {
  const parsed = parseRow(row);
  const { at } = parsed;
  if (parsed.type === "act") return { seq, at, by: parsed.by, reason: parsed.reason };
  return parsed.type === "judgement" ? { seq, at, reason: `judged again: ${parsed.why}` } : { seq, at };
}
