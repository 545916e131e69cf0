/**
 * The sums of history against the movements they are over: each movement stands under each of its keys, in each
 * row the sums grow by that movement and nothing else, and what was changed later is what was released. Of the
 * signings of one slot the largest counts: there each row and its late changes together are what the slot grows by.
 * A movement that counted nothing when it was added up, and does now, stands among the late changes alone.
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
import { SlotSums, sharedSlots } from "./verify-slots.ts";
import { add, contribution, isEqual, NOTHING, readSums, type Sums, subtract } from "./verify-sums.ts";

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
  const shared = sharedSlots(database);
  for (const shape of shapes) verifySums(database, shape, shared, problems);
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
  const findLate = database.prepare(
    "SELECT 1 FROM fact_late WHERE shape = ? AND key = ? AND at = ? AND movement = ? LIMIT 1",
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
        const place = [shape.id, Buffer.from(key, "hex"), at, number];
        if (find.get(...place) !== undefined) shape.rows += 1;
        // What was released before the shape was first asked for was never added to it.
        else if (state !== "released" && findLate.get(...place) === undefined)
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

/**
 * The sums of one shape, key by key.
 *
 * @param shared - from {@link sharedSlots}.
 */
function verifySums(
  database: Connection,
  { id, name }: Shape,
  shared: ReturnType<typeof sharedSlots>,
  problems: Problems,
): void {
  const lateOf = (where: string) =>
    database
      .prepare(`SELECT count, usd_micros, unpriced, units, unmeasured FROM fact_late WHERE ${where}`)
      .raw(true);
  const late = lateOf("shape = ? AND key = ?");
  const lateInRow = lateOf("shape = ? AND key = ? AND at = ? AND movement = ?");
  const found = (sums: string, from: string, where: string) => `
    SELECT ${sums}, log.key AS key, log.movement AS movement, m.entry, m.state = 'released', m.usd_micros,
      m.units, log.at AS at
    FROM ${from} log LEFT JOIN movements m ON m.number = log.movement WHERE log.shape = ?1 ${where}`;
  const SUMS = "log.count, log.usd_micros, log.unpriced, log.units, log.unmeasured";
  const lateAlone = `AND NOT EXISTS (SELECT 1 FROM fact_log known WHERE known.shape = log.shape
    AND known.key = log.key AND known.at = log.at AND known.movement = log.movement)
    GROUP BY log.key, log.at, log.movement`;
  const rows = database
    .prepare(
      `${found(SUMS, "fact_log", "")} UNION ALL
       ${found("NULL, NULL, NULL, NULL, NULL", "fact_late", lateAlone)} ORDER BY key, at, movement`,
    )
    .raw(true);
  let key: Uint8Array | undefined;
  let before = NOTHING;
  let kept = NOTHING;
  let slots = new SlotSums();
  const plus = (sums: Sums, changes: readonly unknown[]) =>
    changes.map((columns) => readSums(Array.isArray(columns) ? columns : [])).reduce(add, sums);
  const endKey = () => {
    if (key === undefined) return;
    if (!isEqual(plus(before, late.all(id, key)), kept))
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
      slots = new SlotSums();
    }
    // What stands among the late changes alone: a row by which nothing grows.
    const isAlone = columns[0] === null;
    const sums = isAlone ? before : readSums(columns);
    const own = contribution(orNull(columns[9], text), orNull(columns[10], text));
    const number = integer(columns[6]);
    const entry = orNull(columns[7], integer);
    const released = columns[8] === 1;
    const place = shared.get(number);
    const counts = released || entry === null ? NOTHING : place === undefined ? own : slots.grow(place, own);
    const grown =
      place === undefined && !isAlone
        ? // A movement that was released before its shape was first added up may never have counted.
          isEqual(sums, add(before, own)) || (released && isEqual(sums, before))
        : isEqual(plus(subtract(sums, before), lateInRow.all(id, key, columns[11], number)), counts);
    if (entry !== null && !grown) {
      problems.add(entry, `${name}: the sums do not grow by its movement ${number}`);
    }
    before = sums;
    kept = add(kept, counts);
  }
  endKey();
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
