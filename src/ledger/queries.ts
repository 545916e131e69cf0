/**
 * What people ask of the ledger: pages of decisions and of flags, one in full, a transaction. Every question is answered from
 * one state of the ledger.
 */
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { itemOf, listDecisions } from "./decision-queries.ts";
import { readBody } from "./entry-body.ts";
import { countOpenFlags, flagsOfTransaction, listFlags } from "./flag-queries.ts";
import type { LedgerReader } from "./kysely-ledger.ts";
import { MOVEMENT_STATES } from "./ledger.ts";
import { hexOf } from "./paged-rows.ts";
import { pushesOf } from "./push-queries.ts";
import {
  type ActItem,
  type DecisionFilter,
  type DecisionItem,
  type FlagFilter,
  type FlagItem,
  type FullDecision,
  type FullEntry,
  type FullTransaction,
  MAX_LIMIT,
  type MovementItem,
  type OpenFlags,
  type Page,
  QueryError,
} from "./query-types.ts";
import { type DecisionRow, parseRow } from "./rows.ts";
import { bytesOf, type Tables } from "./tables.ts";
import { isShared, NOBODY, ORGANIZATIONS } from "./transaction-names.ts";

const NAME_KINDS = ["transaction", "cobo", "request"] as const;

/** A page of decisions, newest first. @throws QueryError `BAD_LIMIT`, `BAD_CURSOR` */
export function findDecisions(
  { kysely, connection }: LedgerReader,
  filter: DecisionFilter,
): Promise<Page<DecisionItem>> {
  return kysely.transaction().execute((snapshot) => listDecisions(snapshot, connection, filter));
}

/** A page of flags, newest first. @throws QueryError `BAD_LIMIT`, `BAD_CURSOR` */
export function findFlags({ kysely }: LedgerReader, filter: FlagFilter): Promise<Page<FlagItem>> {
  return kysely.transaction().execute((snapshot) => listFlags(snapshot, filter));
}

/** How many flags are open, by severity. */
export function findOpenFlags({ kysely }: LedgerReader): Promise<OpenFlags> {
  return countOpenFlags(kysely);
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
    return { ...rest, decision, movements, acts: await actsOn(snapshot, movements, []) };
  });
}

/** An entry of any type by its id, as it is kept. */
export async function entryOf(database: Kysely<Tables>, id: string) {
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
    ...readBody({ encoding, token, document }),
  };
}

/**
 * A transaction by one of its names: with its kind in front (`request:…`), or without.
 *
 * @param organization - absent: whichever has it. A Cobo id that is known within no organization is of any.
 * @throws QueryError `AMBIGUOUS` where several transactions have that name.
 */
export function findTransaction(
  { kysely }: LedgerReader,
  name: string,
  organization?: string,
): Promise<FullTransaction | undefined> {
  return kysely.transaction().execute(async (snapshot) => {
    const { rows: known } = await transactionsQuery(name, organization).execute(snapshot);
    const found = known.filter((row) => organization === undefined || isOf(row, organization));
    const numbers = [...new Set(found.map(({ tx }) => tx))];
    const [number] = numbers;
    if (number === undefined) return undefined;
    if (numbers.length > 1) {
      const where = found.map((row) => `${row.name} of ${row.organization || "no organization"}`).join(", ");
      throw new QueryError("AMBIGUOUS", `${numbers.length} transactions have this name: ${where}`);
    }
    const entries = await entriesOf(snapshot, number, "decision");
    const told = await entriesOf(snapshot, number, "push");
    const rows = await snapshot
      .selectFrom("movements")
      .selectAll()
      .where("tx", "=", number)
      .orderBy("number")
      .execute();
    const movements = rows.map(movementOf);
    const flags = await flagsOfTransaction(snapshot, number, MAX_LIMIT);
    return {
      transaction: {
        number,
        organization: found.find((row) => row.organization !== NOBODY)?.organization ?? NOBODY,
        names: [...new Set([...entries, ...told].flatMap(({ row }) => namesOf(row)))].sort(),
      },
      decisions: entries.map(itemOf),
      movements,
      acts: await actsOn(snapshot, movements, flags),
      flags,
      pushes: await pushesOf(snapshot, number, MAX_LIMIT),
    };
  });
}

/** Newest first. */
function entriesOf(snapshot: Kysely<Tables>, transaction: number, type: "decision" | "push") {
  return snapshot
    .selectFrom("entries")
    .select(["seq", "row"])
    .where("tx", "=", transaction)
    .where("type", "=", type)
    .orderBy("seq", "desc")
    .limit(MAX_LIMIT)
    .execute();
}

interface KnownName {
  readonly organization: string;
  readonly name: string;
  readonly tx: number;
}

/** Whether it is a name of an organization: its own, or a shared one of no organization, and the other way round. */
function isOf({ organization, name }: KnownName, asked: string): boolean {
  return organization === asked || (isShared(name) && (organization === NOBODY || asked === NOBODY));
}

/**
 * The statement alone, for the test that holds its plan: names have their organization in front, so that without
 * one each organization is asked.
 */
export function transactionsQuery(name: string, organization: string | undefined) {
  const kind = NAME_KINDS.some((known) => name.startsWith(`${known}:`));
  const names = kind ? [name] : NAME_KINDS.map((known) => `${known}:${name}`);
  const organizations =
    organization === undefined || organization === NOBODY
      ? sql.raw(ORGANIZATIONS)
      : sql`SELECT ${organization} AS id UNION ALL SELECT ${NOBODY}`;
  return sql<KnownName>`
    WITH RECURSIVE known (id) AS (${organizations})
    SELECT t.organization, t.name, t.tx FROM known CROSS JOIN transaction_names t
    ON t.organization = known.id AND t.name IN (${sql.join(names)})`;
}

function namesOf(row: string): readonly string[] {
  const parsed = parseRow(row);
  return parsed.type === "decision" || parsed.type === "push" ? (parsed.transaction?.names ?? []) : [];
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

/** Operators' acts are few: all since the first of these movements and flags are looked at. */
async function actsOn(
  snapshot: Kysely<Tables>,
  movements: readonly MovementItem[],
  flags: readonly FlagItem[],
): Promise<ActItem[]> {
  const first = Math.min(...movements.map(({ entry }) => entry), ...flags.map(({ seq }) => seq));
  if (first === Number.POSITIVE_INFINITY) return [];
  const numbers = new Set(movements.map(({ number }) => number));
  const ids = new Set(flags.map(({ id }) => id));
  const rows = await snapshot
    .selectFrom("entries")
    .select(["seq", "row"])
    .where("type", "=", "act")
    .where(sql<boolean>`type <> 'decision'`)
    .where("seq", ">", first)
    .orderBy("seq")
    .execute();
  return rows.flatMap(({ seq, row }) => {
    const parsed = parseRow(row);
    if (parsed.type !== "act") return [];
    const touches = parsed.movements?.some((number) => numbers.has(number)) === true;
    return touches || (parsed.flag !== undefined && ids.has(parsed.flag)) ? [{ ...parsed, seq }] : [];
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

function withoutNull(members: Readonly<Record<string, string | null>>): Record<string, string> {
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(members)) if (value !== null) known[name] = value;
  return known;
}
