/**
 * Decisions as people ask for them. Each filter has an index to walk; which one is said here and not left to the
 * planner, that knows nothing of the data. All else of a filter is looked at on the way.
 */
import { type Kysely, type RawBuilder, sql } from "kysely";
import { cursorOf, limitOf, readCursor } from "./page-cursor.ts";
import type { DecisionFilter, DecisionItem, Page } from "./query-types.ts";
import type { Connection } from "./read-connection.ts";
import { parseRow } from "./rows.ts";
import { firstSince } from "./seek.ts";
import type { Tables } from "./tables.ts";

/**
 * Approvals have no index: they are most of what there is. A page looks at this many entries at most, so that the
 * rare approval of a server that refuses everything is not looked for through all of history at once.
 */
const MAX_WALK = 20_000;

interface Found {
  readonly seq: number;
  readonly row: string;
}

/**
 * A page of decisions, newest first.
 *
 * @param connection - the one behind `database`, which is in a transaction.
 * @throws QueryError `BAD_LIMIT`, `BAD_CURSOR`
 */
export async function listDecisions(
  database: Kysely<Tables>,
  connection: Connection,
  filter: DecisionFilter,
): Promise<Page<DecisionItem>> {
  const limit = limitOf(filter.limit);
  const low = filter.since === undefined ? 1 : firstSince(connection, filter.since);
  const top = filter.until === undefined ? Number.MAX_SAFE_INTEGER : firstSince(connection, filter.until);
  const high = Math.min(top, filter.cursor === undefined ? top : readCursor(filter.cursor));
  const newest = await newestBelow(database, high);
  if (newest < low) return { items: [] };
  const walk = walkOf(filter);
  const bottom = walk.bounded ? Math.max(low, newest - MAX_WALK + 1) : low;
  const { rows } = await decisionsQuery(filter, { low: bottom, high, limit: limit + 1 }).execute(database);
  const items = rows.slice(0, limit).map(itemOf);
  const last = items.at(-1);
  if (rows.length > limit && last !== undefined) return { items, next: cursorOf(last.seq) };
  return bottom > low ? { items, next: cursorOf(bottom) } : { items };
}

/** The statement alone, for the test that holds its plan. */
export function decisionsQuery(
  filter: DecisionFilter,
  { low, high, limit }: { readonly low: number; readonly high: number; readonly limit: number },
): RawBuilder<Found> {
  const { wallet, outcome, rule, request_id } = filter;
  const walk = walkOf(filter);
  const conditions = [
    sql`e.type = 'decision'`,
    sql`${walk.key} >= ${low} AND ${walk.key} < ${high}`,
    ...(rule === undefined ? [] : [ruleCondition(rule, walk.byRule)]),
    ...(wallet === undefined ? [] : [sql`e.wallet = ${wallet}`]),
    // The partial index is used where the statement itself says what it is partial by.
    ...(outcome === undefined ? [] : [sql`e.outcome = ${outcome}`]),
    ...(outcome === undefined || outcome === "approved" ? [] : [sql`e.outcome <> 'approved'`]),
    ...(request_id === undefined ? [] : [sql`e.request_id = ${request_id}`]),
  ];
  return sql<Found>`SELECT e.seq, e.row FROM ${walk.from}
    WHERE ${sql.join(conditions, sql` AND `)} ORDER BY ${walk.key} DESC LIMIT ${limit}`;
}

interface Walk {
  readonly from: RawBuilder<unknown>;
  readonly key: RawBuilder<unknown>;
  readonly byRule: boolean;
  /** It looks at entries one by one. */
  readonly bounded: boolean;
}

/** The index that leaves the fewest to look at, by what filters are for. */
function walkOf({ wallet, outcome, rule, request_id }: DecisionFilter): Walk {
  const key = sql`e.seq`;
  const entries = (from: RawBuilder<unknown>): Walk => ({ from, key, byRule: false, bounded: false });
  if (request_id !== undefined) return entries(sql`entries e INDEXED BY entries_request`);
  if (rule !== undefined) {
    const from = sql`entry_rules r CROSS JOIN entries e ON e.seq = r.seq`;
    return { from, key: sql`r.seq`, byRule: true, bounded: false };
  }
  if (wallet !== undefined) return entries(sql`entries e INDEXED BY entries_wallet`);
  if (outcome !== undefined && outcome !== "approved") {
    return entries(sql`entries e INDEXED BY entries_outcome`);
  }
  return { from: sql`entries e NOT INDEXED`, key, byRule: false, bounded: true };
}

function ruleCondition(rule: string, byRule: boolean): RawBuilder<unknown> {
  if (byRule) return sql`r.name = ${rule}`;
  return sql`EXISTS (SELECT 1 FROM entry_rules r WHERE r.name = ${rule} AND r.seq = e.seq)`;
}

async function newestBelow(database: Kysely<Tables>, high: number): Promise<number> {
  const found = await database
    .selectFrom("entries")
    .select("seq")
    .where("seq", "<", high)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return found?.seq ?? 0;
}

/** A decision's row as a list has it. */
export function itemOf({ seq, row }: Found): DecisionItem {
  const parsed = parseRow(row);
  if (parsed.type !== "decision") throw new Error("only decisions are listed");
  const { id, at, channel, kind, source, request_id, outcome, action } = parsed;
  const { reasons, alerts, release, wallet, answers } = parsed;
  return {
    ...{ seq, id, at, channel, kind, source, request_id, outcome, reasons, alerts, answers },
    ...(action === undefined ? {} : { action }),
    ...(release === undefined ? {} : { release }),
    ...(wallet === undefined ? {} : { wallet }),
  };
}
