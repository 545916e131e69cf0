/**
 * The ledger's file as an auditor reads it: the chain hashed again by `node:crypto` alone, and what is counted
 * added up again from the rows. Nothing here believes what a table says of another one.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { type Connection, connect, Statement } from "../../src/ledger/database.ts";

const rowSchema = z.looseObject({
  type: z.string(),
  id: z.string(),
  at: z.int(),
  source: z.string().optional(),
  request_id: z.string().optional(),
  action: z.enum(["APPROVE", "REJECT"]).optional(),
  outcome: z.string().optional(),
  answers: z.boolean().optional(),
  code: z.string().optional(),
  signing: z.string().optional(),
  movements: z.array(z.looseObject({ wallet: z.string().optional(), usd_micros: z.string() })).optional(),
});
export type LedgerRow = z.infer<typeof rowSchema> & { readonly seq: number };

interface MovementRow {
  readonly number: number;
  readonly entry: number;
  readonly signing: string;
  readonly at: number;
  readonly wallet: string;
  readonly usdMicros: bigint;
}

/** @property answers - the answer in force by `source` and request id, as `node-1 id`. */
export interface LedgerFile {
  readonly rows: readonly LedgerRow[];
  readonly byId: ReadonlyMap<string, LedgerRow>;
  readonly answers: ReadonlyMap<string, LedgerRow>;
  readonly movements: readonly MovementRow[];
}

/** Reads the whole file, the log beside it too. @throws Error where the chain or a sum is not right. */
export function readLedger(state: string): LedgerFile {
  const connection = connect(join(state, "ledger.db"), 5_000);
  try {
    connection.exec("BEGIN");
    const rows = chainOf(connection);
    const movements = movementsOf(connection);
    verifySums(connection, movements);
    connection.exec("COMMIT");
    const answers = rows.filter((row) => row.answers === true);
    return {
      rows,
      byId: new Map(rows.map((row) => [row.id, row])),
      answers: new Map(answers.map((row) => [`${row.source} ${row.request_id}`, row])),
      movements,
    };
  } finally {
    connection.close();
  }
}

function chainOf(connection: Connection): LedgerRow[] {
  let before: Buffer = Buffer.alloc(32);
  const stored = new Statement(connection, "SELECT seq, row, hash, id, at FROM entries ORDER BY seq").all([]);
  return stored.map((each, at) => {
    const row = each.text(1);
    const hash = createHash("sha256").update(before).update(row).digest();
    const parsed = rowSchema.parse(JSON.parse(row));
    if (each.integer(0) !== at + 1) throw new Error(`entry ${at + 1} is missing`);
    if (!hash.equals(each.bytes(2))) throw new Error(`the chain is broken at entry ${at + 1}`);
    if (parsed.id !== each.text(3) || parsed.at !== each.integer(4)) {
      throw new Error(`entry ${at + 1} is found by what it does not say`);
    }
    before = hash;
    return { ...parsed, seq: at + 1 };
  });
}

function movementsOf(connection: Connection): MovementRow[] {
  const stored = new Statement(
    connection,
    "SELECT number, entry, hex(signing), at, wallet, usd_micros FROM movements ORDER BY number",
  ).all([]);
  return stored.map((row) => ({
    number: row.integer(0),
    entry: row.integer(1),
    signing: row.text(2).toLowerCase(),
    at: row.integer(3),
    wallet: row.optionalText(4) ?? "",
    usdMicros: BigInt(row.text(5)),
  }));
}

/** Each shape has each movement once under a key, and each key's sums are those of its movements so far. */
function verifySums(connection: Connection, movements: readonly MovementRow[]): void {
  const byNumber = new Map(movements.map((movement) => [movement.number, movement]));
  const log = new Statement(
    connection,
    "SELECT shape, hex(key), movement, count, usd_micros FROM fact_log ORDER BY shape, key, at, movement",
  ).all([]);
  const counted = new Map<number, Set<number>>();
  const sums = new Map<string, { count: number; usdMicros: bigint }>();
  for (const row of log) {
    const [shape, number] = [row.integer(0), row.integer(2)];
    const movement = byNumber.get(number);
    if (movement === undefined) throw new Error(`movement ${number} is added up, but is not there`);
    counted.set(shape, (counted.get(shape) ?? new Set()).add(number));
    const key = `${shape} ${row.text(1)}`;
    const before = sums.get(key) ?? { count: 0, usdMicros: 0n };
    const sum = { count: before.count + 1, usdMicros: before.usdMicros + movement.usdMicros };
    if (row.integer(3) !== sum.count || BigInt(row.text(4)) !== sum.usdMicros) {
      throw new Error(`shape ${shape} adds up wrong at movement ${number}`);
    }
    sums.set(key, sum);
  }
  // What is paid here goes out: the shapes of deposits count none of it.
  const outgoing = `SELECT id FROM fact_shapes WHERE ready = 1 AND json_extract(shape, '$.where.direction') = 'out'`;
  for (const shape of new Statement(connection, outgoing).all([])) {
    const missing = movements.find(({ number }) => counted.get(shape.integer(0))?.has(number) !== true);
    if (missing !== undefined) {
      throw new Error(`shape ${shape.integer(0)} does not count movement ${missing.number}`);
    }
  }
}
