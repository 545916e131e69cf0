/**
 * The running aggregates, written. A shape is **catching up** from the first movement on, a chunk at a time
 * between other work, and **ready** once a chunk has reached the newest movement; from then on each movement is
 * added as it comes. Movements up to `through` are in the log of a shape that catches up, the others are not yet,
 * so that one that changes meanwhile is corrected exactly where it was counted.
 *
 * All of it happens in the transactions of one thread, so no movement can come between a chunk and its mark.
 */
import type { FactShape } from "../input/fact-shape.ts";
import { type Connection, Statement } from "./database.ts";
import { factKeys } from "./fact-keys.ts";
import {
  isNothing,
  minus,
  NOTHING,
  plus,
  SUM_COLUMNS,
  storedKey,
  sumsIn,
  sumsOf,
  valuesOfSums,
} from "./fact-sums.ts";
import { Inserts } from "./inserts.ts";
import type { FactTotals, MovementState, StoredMovement } from "./ledger.ts";
import { MOVEMENT_COLUMNS, storedMovement } from "./movement-rows.ts";
import { parseShape } from "./shapes.ts";
import { growthsOf, isShared } from "./slots.ts";

interface KeptShape {
  readonly id: number;
  readonly text: string;
  readonly shape: FactShape;
  /** The newest movement that was added while it was catching up. */
  through: number;
  ready: boolean;
}

/** Sums of that many keys are at hand, the ones used last. */
const MAX_HEADS = 16_384;
/** A key that was pushed out is read from the table: fewer rows than keys may be on their way to it. */
const MAX_GATHERED = MAX_HEADS / 4;
/** Movements read at once while a shape catches up. */
const CHUNK = 200;

export class FactLog {
  readonly #connection: Connection;
  readonly #log: Inserts;
  readonly #late: Inserts;
  readonly #newest: Statement;
  readonly #movements: Statement;
  readonly #before: Statement;
  /** By shape and key; a Map keeps the order in which they were set. */
  readonly #heads = new Map<string, FactTotals>();
  #shapes: KeptShape[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#log = new Inserts(connection, `fact_log (shape, key, at, movement, ${SUM_COLUMNS})`, 9);
    this.#late = new Inserts(connection, `fact_late (shape, key, at, movement, entry, ${SUM_COLUMNS})`, 10);
    this.#newest = new Statement(
      connection,
      `SELECT ${SUM_COLUMNS} FROM fact_log WHERE shape = ? AND key = ? ORDER BY at DESC, movement DESC LIMIT 1`,
    );
    this.#movements = new Statement(
      connection,
      `SELECT ${MOVEMENT_COLUMNS} FROM movements WHERE number > ? ORDER BY number LIMIT ${CHUNK}`,
    );
    // Whatever the planner thinks of it: a chunk's slots are looked up one by one.
    this.#before = new Statement(
      connection,
      `SELECT ${MOVEMENT_COLUMNS} FROM movements INDEXED BY movements_slot WHERE number <= ?1 AND slot IN
         (SELECT slot FROM movements WHERE number > ?1 AND number <= ?2 AND slot IS NOT NULL)
       ORDER BY number`,
    );
    this.forget();
  }

  /** What is in memory is read again: a transaction was rolled back. */
  forget(): void {
    this.#log.forget();
    this.#late.forget();
    this.#heads.clear();
    const rows = new Statement(this.#connection, "SELECT id, shape, through, ready FROM fact_shapes").all([]);
    this.#shapes = rows.map((row) => ({
      id: row.integer(0),
      text: row.text(1),
      shape: parseShape(row.text(1)),
      through: row.integer(2),
      ready: row.integer(3) === 1,
    }));
  }

  /** Writes what was gathered, before the transaction ends. */
  flush(): void {
    this.#log.flush();
    this.#late.flush();
  }

  /**
   * New movements of one entry, in their first state.
   *
   * @param before - the earlier ones of their slot, in their order; none where they have no slot.
   */
  add(movements: readonly StoredMovement[], before: readonly StoredMovement[]): void {
    const inSlot = [...before, ...movements];
    const shared = isShared(inSlot);
    for (const shape of this.#shapes) {
      if (!shape.ready) continue;
      const growths = shared ? growthsOf(shape.shape, inSlot) : undefined;
      for (const [at, movement] of movements.entries()) {
        this.#count(shape, movement, growths?.[before.length + at]);
      }
    }
  }

  /**
   * Movements that enter another state by an entry.
   *
   * @param movements - as they were: all of one slot, in their order, or a single one without a slot.
   * @param states - the new states, by number.
   * @returns whether they count otherwise than before, under any key.
   */
  change(
    movements: readonly StoredMovement[],
    states: ReadonlyMap<number, MovementState>,
    entry: number,
  ): boolean {
    let counts = false;
    const changed = movements.map((movement) => ({
      ...movement,
      state: states.get(movement.number) ?? movement.state,
    }));
    for (const { id, shape, through, ready } of this.#shapes) {
      const before = growthsOf(shape, movements);
      const after = growthsOf(shape, changed);
      for (const [at, { number, at: time }] of movements.entries()) {
        if (!ready && number > through) break;
        for (const [key, by] of differences(before[at] ?? new Map(), after[at] ?? new Map())) {
          this.#late.add([id, storedKey(key), time, number, entry, ...valuesOfSums(by)]);
          counts = true;
        }
      }
    }
    return counts;
  }

  /**
   * Registers shapes and lets those that are not ready catch up for a while.
   *
   * @param untilMs - by `performance.now()`; at least one chunk is read.
   * @returns whether all are ready.
   */
  keep(texts: readonly string[], untilMs: number): boolean {
    for (const text of texts) {
      if (this.#shapes.some((shape) => shape.text === text)) continue;
      parseShape(text);
      new Statement(this.#connection, "INSERT INTO fact_shapes (shape, through, ready) VALUES (?, 0, 0)").run(
        [text],
      );
      this.#flushAndReload();
    }
    do {
      const behind = this.#shapes.filter((shape) => !shape.ready && texts.includes(shape.text));
      if (behind.length === 0) return true;
      this.#catchUp(behind);
    } while (performance.now() < untilMs);
    return this.#shapes.every((shape) => shape.ready || !texts.includes(shape.text));
  }

  #flushAndReload(): void {
    this.flush();
    this.forget();
  }

  /** One chunk for those that are furthest behind. */
  #catchUp(behind: readonly KeptShape[]): void {
    const through = Math.min(...behind.map((shape) => shape.through));
    const shapes = behind.filter((shape) => shape.through === through);
    const movements = this.#movements.all([through]).map(storedMovement);
    const slots = this.#sharedSlots(movements, through);
    for (const shape of shapes) {
      const growths = new Map(slots.flatMap((inSlot) => growthsByNumber(shape.shape, inSlot)));
      for (const movement of movements) this.#count(shape, movement, growths.get(movement.number));
    }
    this.flush();
    const last = movements.at(-1)?.number ?? through;
    const update = new Statement(
      this.#connection,
      "UPDATE fact_shapes SET through = ?, ready = ? WHERE id = ?",
    );
    for (const shape of shapes) {
      shape.through = last;
      shape.ready = movements.length < CHUNK;
      update.run([last, shape.ready ? 1 : 0, shape.id]);
    }
  }

  /** The slots of a chunk whose movements are of several signings, each up to the chunk's end. */
  #sharedSlots(chunk: readonly StoredMovement[], through: number): StoredMovement[][] {
    const last = chunk.at(-1)?.number ?? through;
    const before = this.#before.all([through, last]).map(storedMovement);
    const slots = new Map<string, StoredMovement[]>();
    for (const movement of [...before, ...chunk]) {
      if (movement.slot === undefined) continue;
      const inSlot = slots.get(movement.slot);
      if (inSlot === undefined) slots.set(movement.slot, [movement]);
      else inSlot.push(movement);
    }
    return [...slots.values()].filter(isShared);
  }

  /** @param growth - by key: what it adds; where it is absent, all of it. */
  #count(
    { id, shape }: KeptShape,
    movement: StoredMovement,
    growth: ReadonlyMap<string, FactTotals> | undefined,
  ): void {
    const keys = growth === undefined ? factKeys(shape, movement, movement.state) : [...growth.keys()];
    if (keys.length === 0) return;
    const sums = sumsOf(movement);
    for (const key of keys) {
      const name = `${id} ${key}`;
      // A movement that adds nothing has its row as well: it is found by its time.
      const total = plus(this.#headOf(name, id, key), growth?.get(key) ?? sums);
      this.#keepHead(name, total);
      this.#log.add([id, storedKey(key), movement.at, movement.number, ...valuesOfSums(total)]);
    }
    if (this.#log.gathered > MAX_GATHERED) this.#log.flush();
  }

  #headOf(name: string, shape: number, key: string): FactTotals {
    const known = this.#heads.get(name);
    if (known !== undefined) return known;
    const row = this.#newest.first([shape, storedKey(key)]);
    return row === undefined ? NOTHING : sumsIn(row, 0);
  }

  #keepHead(name: string, total: FactTotals): void {
    this.#heads.delete(name);
    this.#heads.set(name, total);
    if (this.#heads.size <= MAX_HEADS) return;
    const { value: oldest } = this.#heads.keys().next();
    if (oldest !== undefined) this.#heads.delete(oldest);
  }
}

function growthsByNumber(
  shape: FactShape,
  movements: readonly StoredMovement[],
): [number, ReadonlyMap<string, FactTotals>][] {
  const growths = growthsOf(shape, movements);
  return movements.map(({ number }, at) => [number, growths[at] ?? new Map()]);
}

/**
 * By key, without those that stay as they were. A movement that comes to stand under a key is found there by its time,
 * also where it adds nothing.
 */
function differences(
  before: ReadonlyMap<string, FactTotals>,
  after: ReadonlyMap<string, FactTotals>,
): [string, FactTotals][] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys]
    .map((key): [string, FactTotals] => [key, minus(after.get(key) ?? NOTHING, before.get(key) ?? NOTHING)])
    .filter(([key, by]) => !isNothing(by) || (after.has(key) && !before.has(key)));
}
