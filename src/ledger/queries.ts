/**
 * What people ask of the ledger: pages of decisions, one in full, a transaction. Every question is answered from
 * one state of the ledger.
 */
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { decodeBody } from "./body-encoding.ts";
import { itemOf, listDecisions } from "./decision-queries.ts";
import type { LedgerReader } from "./kysely-ledger.ts";
import { MOVEMENT_STATES } from "./ledger.ts";
import { hexOf, utf8Of } from "./paged-rows.ts";
import {
  type ActItem,
  type DecisionFilter,
  type DecisionItem,
  type FullDecision,
  type FullEntry,
  type FullTransaction,
  MAX_LIMIT,
  type MovementItem,
  type Page,
  QueryError,
} from "./query-types.ts";
import { type DecisionRow, parseRow } from "./rows.ts";
import { type Blob, bytesOf, type Tables } from "./tables.ts";

const NAME_KINDS = ["transaction", "cobo", "request"] as const;

/** A page of decisions, newest first. @throws QueryError `BAD_LIMIT`, `BAD_CURSOR` */
export function findDecisions(
  { kysely, connection }: LedgerReader,
  filter: DecisionFilter,
): Promise<Page<DecisionItem>> {
  return kysely.transaction().execute((snapshot) => listDecisions(snapshot, connection, filter));
}

/** An entry of any type by its id, with the request it was about where that is kept; undefined where there is none. */
export async function findEntry({ kysely }: LedgerReader, id: string): Promise<FullEntry | undefined> {
  return await entryOf(kysely, id);
}

/** A decision by its id; undefined where there is none. */
export function findDecision({ kysely }: LedgerReader, id: string): Promise<FullDecision | undefined> {
  return kysely.transaction().execute(async (snapshot) => {
    const found = await entryOf(snapshot, id);
    if (found?.entry.type !== "decision") return undefined;
    const { entry: decision, ...rest } = found;
    const movements = await movementsOf(snapshot, decision, found.seq);
    return { ...rest, decision, movements, acts: await actsOn(snapshot, movements) };
  });
}

async function entryOf(database: Kysely<Tables>, id: string) {
  const entry = await database
    .selectFrom("entries")
    .leftJoin("bodies", "bodies.seq", "entries.seq")
    .select(["entries.seq", "row", "hash", "encoding", "token", "document"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (entry === undefined) return undefined;
  const { seq, encoding, token, document } = entry;
  return {
    seq,
    hash: hexOf(bytesOf(entry.hash)),
    entry: parseRow(entry.row),
    ...(encoding === null ? {} : bodyOf(decodeBody(encoding, bytesOrNull(token), bytesOrNull(document)))),
  };
}

/**
 * A transaction by one of its names: with its kind in front (`request:…`), or without.
 *
 * @param organization - absent: whichever has it.
 * @throws QueryError `AMBIGUOUS` where several transactions have that name.
 */
export function findTransaction(
  { kysely }: LedgerReader,
  name: string,
  organization?: string,
): Promise<FullTransaction | undefined> {
  return kysely.transaction().execute(async (snapshot) => {
    const found = await transactionsQuery(name, organization).execute(snapshot);
    const numbers = [...new Set(found.rows.map(({ tx }) => tx))];
    const [first] = found.rows;
    if (first === undefined) return undefined;
    if (numbers.length > 1) {
      const where = found.rows.map((row) => `${row.name} of ${row.organization}`).join(", ");
      throw new QueryError("AMBIGUOUS", `${numbers.length} transactions have this name: ${where}`);
    }
    const entries = await snapshot
      .selectFrom("entries")
      .select(["seq", "row"])
      .where("tx", "=", first.tx)
      .where("type", "=", "decision")
      .orderBy("seq", "desc")
      .limit(MAX_LIMIT)
      .execute();
    const rows = await snapshot
      .selectFrom("movements")
      .selectAll()
      .where("tx", "=", first.tx)
      .orderBy("number")
      .execute();
    const movements = rows.map(movementOf);
    return {
      transaction: {
        number: first.tx,
        organization: first.organization,
        names: [...new Set(entries.flatMap(({ row }) => namesOf(row)))].sort(),
      },
      decisions: entries.map(itemOf),
      movements,
      acts: await actsOn(snapshot, movements),
    };
  });
}

/**
 * The statement alone, for the test that holds its plan: names have their organization in front, so that without
 * one each organization is asked.
 */
export function transactionsQuery(name: string, organization: string | undefined) {
  const kind = NAME_KINDS.some((known) => name.startsWith(`${known}:`));
  const names = kind ? [name] : NAME_KINDS.map((known) => `${known}:${name}`);
  const organizations =
    organization === undefined
      ? sql`SELECT min(organization) AS id FROM transaction_names UNION ALL
          SELECT (SELECT min(organization) FROM transaction_names WHERE organization > known.id)
          FROM known WHERE known.id IS NOT NULL`
      : sql`SELECT ${organization} AS id`;
  return sql<{ organization: string; name: string; tx: number }>`
    WITH RECURSIVE known (id) AS (${organizations})
    SELECT t.organization, t.name, t.tx FROM known CROSS JOIN transaction_names t
    ON t.organization = known.id AND t.name IN (${sql.join(names)})`;
}

function namesOf(row: string): readonly string[] {
  const parsed = parseRow(row);
  return parsed.type === "decision" ? (parsed.transaction?.names ?? []) : [];
}

const claimsSchema = z.looseObject({ package_data: z.string().optional() });

/** Document and token, decoded as far as they can be: whoever signed a token may have written anything. */
function bodyOf({ token, document }: ReturnType<typeof decodeBody>): Partial<FullDecision> {
  const compact = token === undefined ? undefined : utf8Of(token);
  const claims = claimsSchema.safeParse(parseJson(decodePart(compact?.split(".")[1] ?? "")));
  const { package_data, ...rest } = claims.data ?? {};
  return {
    ...(document === undefined ? {} : { document: parseJson(utf8Of(document)) }),
    ...(compact === undefined ? {} : { token: compact }),
    ...(claims.success ? { claims: rest } : {}),
    ...(package_data === undefined ? {} : { request: Buffer.from(package_data, "base64").toString("utf8") }),
  };
}

function decodePart(part: string): string {
  return Buffer.from(part, "base64url").toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Those of the decision's signing: another decision over the same bytes may have made them. */
async function movementsOf(
  snapshot: Kysely<Tables>,
  { signing }: DecisionRow,
  seq: number,
): Promise<MovementItem[]> {
  if (signing === undefined) return [];
  const rows = await snapshot
    .selectFrom("movements")
    .selectAll()
    .where("signing", "=", Buffer.from(signing, "hex"))
    .where("entry", "<=", seq)
    .orderBy("number")
    .execute();
  return rows.map(movementOf);
}

/** Operators' acts are few: all since the first of these movements are looked at. */
async function actsOn(snapshot: Kysely<Tables>, movements: readonly MovementItem[]): Promise<ActItem[]> {
  const [first] = movements;
  if (first === undefined) return [];
  const numbers = new Set(movements.map(({ number }) => number));
  const rows = await snapshot
    .selectFrom("entries")
    .select(["seq", "row"])
    .where("type", "=", "act")
    .where(sql<boolean>`type <> 'decision'`)
    .where("seq", ">", first.entry)
    .orderBy("seq")
    .execute();
  return rows.flatMap(({ seq, row }) => {
    const parsed = parseRow(row);
    const touches = parsed.type === "act" && parsed.movements?.some((number) => numbers.has(number)) === true;
    return touches ? [{ ...parsed, seq }] : [];
  });
}

const listSchema = z.array(z.string());
const stateSchema = z.enum(MOVEMENT_STATES);
const directionSchema = z.enum(["in", "out"]);

function movementOf(row: Tables["movements"]): MovementItem {
  const { organization, project, vault, wallet, chain, token } = row;
  const { destination, initiator, units, usd_micros, nonce } = row;
  const optional = { organization, project, vault, wallet, chain, token, destination, initiator };
  return {
    ...{
      number: row.number,
      entry: row.entry,
      signing: hexOf(bytesOf(row.signing)),
      at: row.at,
      kind: row.kind,
    },
    state: stateSchema.parse(row.state),
    direction: directionSchema.parse(row.direction),
    sources: listSchema.parse(JSON.parse(row.sources)),
    outpoints: listSchema.parse(JSON.parse(row.outpoints)),
    ...withoutNull({ ...optional, units, usd_micros, nonce }),
  };
}

function bytesOrNull(blob: Blob | null): Uint8Array | null {
  return blob === null ? null : bytesOf(blob);
}

function withoutNull(members: Readonly<Record<string, string | null>>): Record<string, string> {
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(members)) if (value !== null) known[name] = value;
  return known;
}
