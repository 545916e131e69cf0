/**
 * The sums of history against the movements they are over: each movement stands under each of its keys, in each
 * row the sums grow by that movement and nothing else, and what was changed later is what was released.
 *
 * A shape over a state is left out: its rows follow the states, of which the chain knows the end alone.
 */
import { z } from "zod";
import { FACT_MEMBERS, type FactShape } from "../input/fact-shape.ts";
import { factKeys } from "./fact-keys.ts";
import { MOVEMENT_STATES, type Movement, type MovementState } from "./ledger.ts";
import { blob, type Columns, castText, hexOf, integer, orNull, PagedRows, text } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";

const PAGE = 256;

const shapeSchema = z.object({
  by: z.array(z.enum(FACT_MEMBERS)),
  where: z.looseObject({ direction: z.string(), state: z.string().optional() }),
});
const stateSchema = z.enum(MOVEMENT_STATES);
const listSchema = z.array(z.string());
const nameSchema = z.string().optional();
const movementSchema = z.object({
  ...{ organization: nameSchema, project: nameSchema, vault: nameSchema, wallet: nameSchema },
  ...{ chain: nameSchema, token: nameSchema, destination: nameSchema, initiator: nameSchema },
  ...{ sources: listSchema, outpoints: listSchema, kind: z.string(), direction: z.enum(["in", "out"]) },
});
const NAMES = ["organization", "project", "vault", "wallet", "chain", "token", "destination", "initiator"];
const LISTS = ["sources", "outpoints"];
/** What of a movement a key may be made of, as one object; the patch leaves out what is NULL. */
const SAID = `json_patch('{}', json_object(${[
  ...[...NAMES, "kind", "direction"].map((name) => `'${name}', ${name}`),
  ...LISTS.map((name) => `'${name}', json(${name})`),
].join(", ")}))`;

interface Sums {
  readonly count: number;
  readonly usd: bigint;
  readonly unpriced: number;
  readonly units: bigint;
  readonly unmeasured: number;
}
const NOTHING: Sums = { count: 0, usd: 0n, unpriced: 0, units: 0n, unmeasured: 0 };

interface Shape {
  readonly id: number;
  readonly name: string;
  readonly shape: FactShape;
  rows: number;
}

/** Verifies all shapes that are ready. */
export function verifyFacts(database: Connection, problems: Problems): void {
  const shapes = readShapes(database);
  if (shapes.length === 0) return;
  for (const table of ["fact_log", "fact_late", "movements"]) {
    // They are read as numbers below, and of text that is none the driver may end the process.
    const select = `SELECT count(*) FROM ${table} WHERE usd_micros GLOB '*[^-0-9]*' OR units GLOB '*[^-0-9]*'`;
    const [bad] = database.prepare(select).raw(true).all().flat();
    if (bad === 0) continue;
    problems.add(0, `${integer(bad)} amounts of ${table} are no numbers`);
    return;
  }
  verifyKeys(database, shapes, problems);
  for (const shape of shapes) verifySums(database, shape, problems);
}

function readShapes(database: Connection): Shape[] {
  const rows = database
    .prepare("SELECT id, CAST(shape AS BLOB) FROM fact_shapes WHERE ready = 1")
    .raw(true)
    .all();
  return rows.flatMap((columns) => {
    if (!Array.isArray(columns)) return [];
    const name = castText(columns[1]);
    const parsed = shapeSchema.parse(JSON.parse(name));
    if (parsed.where.state !== undefined) return [];
    const where: Record<string, string> = {};
    for (const [member, value] of Object.entries(parsed.where)) where[member] = text(value);
    const shape = { by: parsed.by, where: { ...where, direction: parsed.where.direction } };
    return [{ id: integer(columns[0]), name, shape, rows: 0 }];
  });
}

/** Each movement is in the log under each of its keys, and nothing else is. */
function verifyKeys(database: Connection, shapes: readonly Shape[], problems: Problems): void {
  const find = database.prepare(
    "SELECT 1 FROM fact_log WHERE shape = ? AND key = ? AND at = ? AND movement = ?",
  );
  const movements = new PagedRows(
    database,
    {
      select: `number, entry, at, CAST(state AS BLOB), CAST(${SAID} AS BLOB) FROM movements`,
      key: "number",
      size: PAGE,
    },
    readMovement,
  );
  for (let next = movements.take(); next !== undefined; next = movements.take()) {
    const { number, entry, at, movement, state } = next;
    for (const shape of shapes) {
      for (const key of factKeys(shape.shape, movement, "reserved")) {
        if (find.get(shape.id, Buffer.from(key, "hex"), at, number) !== undefined) shape.rows += 1;
        // What was released before the shape was first asked for was never added to it.
        else if (state !== "released")
          problems.add(entry, `its movement ${number} is not counted by ${shape.name}`);
      }
    }
  }
  const count = database.prepare("SELECT count(*) FROM fact_log WHERE shape = ?").raw(true);
  for (const { id, name, rows } of shapes) {
    const stored = count.get(id);
    const more = (Array.isArray(stored) ? integer(stored[0]) : 0) - rows;
    if (more > 0) problems.add(0, `${more} rows are counted by ${name} that no movement belongs to`);
  }
}

/** The sums of one shape, key by key. */
function verifySums(database: Connection, { id, name }: Shape, problems: Problems): void {
  const late = database
    .prepare(
      "SELECT count, usd_micros, unpriced, units, unmeasured FROM fact_late WHERE shape = ? AND key = ?",
    )
    .raw(true);
  const rows = database
    .prepare(
      `SELECT log.count, log.usd_micros, log.unpriced, log.units, log.unmeasured,
         log.key, log.movement, m.entry, m.state = 'released', m.usd_micros, m.units
       FROM fact_log log LEFT JOIN movements m ON m.number = log.movement
       WHERE log.shape = ? ORDER BY log.key, log.at, log.movement`,
    )
    .raw(true);
  let key: Uint8Array | undefined;
  let before = NOTHING;
  let kept = NOTHING;
  const endKey = () => {
    if (key === undefined) return;
    const corrections = late.all(id, key).map((columns) => readSums(Array.isArray(columns) ? columns : []));
    const total = corrections.reduce(add, before);
    if (!isEqual(total, kept))
      problems.add(0, `${name}: the sums of key ${hexOf(key)} are not those of its movements`);
  };
  for (const columns of rows.iterate(id)) {
    if (!Array.isArray(columns)) continue;
    const rowKey = blob(columns[5]);
    if (key === undefined || Buffer.compare(key, rowKey) !== 0) {
      endKey();
      key = rowKey;
      before = NOTHING;
      kept = NOTHING;
    }
    const sums = readSums(columns);
    const own = contribution(orNull(columns[9], text), orNull(columns[10], text));
    const entry = orNull(columns[7], integer);
    const released = columns[8] === 1;
    // A movement that was released before its shape was first added up may never have counted.
    const grown = isEqual(sums, add(before, own)) || (released && isEqual(sums, before));
    if (entry !== null && !grown) {
      problems.add(entry, `${name}: the sums do not grow by its movement ${integer(columns[6])}`);
    }
    before = sums;
    if (!released && entry !== null) kept = add(kept, own);
  }
  endKey();
}

function readSums(columns: Columns): Sums {
  const [count, usd, unpriced, units, unmeasured] = columns;
  return {
    count: integer(count),
    usd: BigInt(text(usd)),
    unpriced: integer(unpriced),
    units: BigInt(text(units)),
    unmeasured: integer(unmeasured),
  };
}

function contribution(usd: string | null, units: string | null): Sums {
  return {
    count: 1,
    usd: BigInt(usd ?? 0),
    unpriced: Number(usd === null),
    units: BigInt(units ?? 0),
    unmeasured: Number(units === null),
  };
}

function add(a: Sums, b: Sums): Sums {
  return {
    count: a.count + b.count,
    usd: a.usd + b.usd,
    unpriced: a.unpriced + b.unpriced,
    units: a.units + b.units,
    unmeasured: a.unmeasured + b.unmeasured,
  };
}

function isEqual(a: Sums, b: Sums): boolean {
  return (
    a.count === b.count &&
    a.usd === b.usd &&
    a.unpriced === b.unpriced &&
    a.units === b.units &&
    a.unmeasured === b.unmeasured
  );
}

function readMovement([number, entry, at, state, movement]: Columns): {
  readonly number: number;
  readonly entry: number;
  readonly at: number;
  readonly movement: Movement;
  readonly state: MovementState;
} {
  return {
    ...{ number: integer(number), entry: integer(entry), at: integer(at) },
    state: stateSchema.parse(castText(state)),
    movement: movementSchema.parse(JSON.parse(castText(movement))),
  };
}
