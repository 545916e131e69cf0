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
import { blob, type Columns, hexOf, integer, orNull, PagedRows, text } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";

const PAGE = 256;

const shapeSchema = z.object({
  by: z.array(z.enum(FACT_MEMBERS)),
  where: z.looseObject({ direction: z.string(), state: z.string().optional() }),
});
const stateSchema = z.enum(MOVEMENT_STATES);
const directionSchema = z.enum(["in", "out"]);
const listSchema = z.array(z.string());

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
  verifyKeys(database, shapes, problems);
  for (const shape of shapes) verifySums(database, shape, problems);
}

function readShapes(database: Connection): Shape[] {
  const rows = database.prepare("SELECT id, shape FROM fact_shapes WHERE ready = 1").raw(true).all();
  return rows.flatMap((columns) => {
    if (!Array.isArray(columns)) return [];
    const name = text(columns[1]);
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
      select: `number, entry, at, state, organization, project, vault, wallet, chain, token, sources, outpoints,
        destination, initiator, kind, direction FROM movements`,
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
         log.key, log.movement, m.entry, m.state, m.usd_micros, m.units
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
    const released = columns[8] === "released";
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

function readMovement(columns: Columns): {
  readonly number: number;
  readonly entry: number;
  readonly at: number;
  readonly movement: Movement;
  readonly state: MovementState;
} {
  const known = (at: number, name: string) => {
    const value = orNull(columns[at], text);
    return value === null ? {} : { [name]: value };
  };
  return {
    number: integer(columns[0]),
    entry: integer(columns[1]),
    at: integer(columns[2]),
    state: stateSchema.parse(columns[3]),
    movement: {
      ...known(4, "organization"),
      ...known(5, "project"),
      ...known(6, "vault"),
      ...known(7, "wallet"),
      ...known(8, "chain"),
      ...known(9, "token"),
      sources: listSchema.parse(JSON.parse(text(columns[10]))),
      outpoints: listSchema.parse(JSON.parse(text(columns[11]))),
      ...known(12, "destination"),
      ...known(13, "initiator"),
      kind: text(columns[14]),
      direction: directionSchema.parse(columns[15]),
    },
  };
}
