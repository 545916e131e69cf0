/**
 * Movements, written. The movements of one signing are counted once, however often it is approved: where those
 * of an earlier approval say the same and are not released, nothing is added. Where they differ, these are claims
 * that contradict each other, and the new ones add. Of the signings of one slot the largest counts: see `slots.ts`.
 *
 * What begins as `released` counts nothing until it enters another state; there, an earlier one that says the same is
 * enough, whatever became of it.
 */
import { type Connection, Statement } from "./database.ts";
import type { FactLog } from "./fact-log.ts";
import { sumsOf } from "./fact-sums.ts";
import { Inserts } from "./inserts.ts";
import type { MovementState, NewMovements, StoredMovement } from "./ledger.ts";
import { LookAhead } from "./look-ahead.ts";
import {
  isCounted,
  MOVEMENT_COLUMNS,
  MOVEMENT_WIDTH,
  movementValues,
  storedMovement,
} from "./movement-rows.ts";
import { isShared } from "./slots.ts";
import type { Counting } from "./writer-protocol.ts";

/** What movements and flags are of: the entry's number, its transaction's, and its time in milliseconds. */
export interface Origin {
  readonly entry: number;
  readonly transaction: number;
  readonly at: number;
}

export class MovementWriter {
  readonly #facts: FactLog;
  readonly #rows: Inserts;
  readonly #ofSigning: Statement;
  readonly #ofSlot: Statement;
  readonly #ofEither: Statement;
  readonly #one: Statement;
  readonly #newest: Statement;
  readonly #setState: Statement;
  readonly #transition: Statement;
  readonly #ofSignings: LookAhead;
  readonly #ofSlots: LookAhead;
  /** Movements of whose signing and slot nothing is written. */
  readonly #unwritten = new Set<NewMovements>();
  #next: number | undefined;
  #gathered: StoredMovement[] = [];

  constructor(connection: Connection, facts: FactLog) {
    this.#facts = facts;
    this.#rows = new Inserts(connection, `movements (${MOVEMENT_COLUMNS})`, MOVEMENT_WIDTH);
    const select = `SELECT ${MOVEMENT_COLUMNS} FROM movements`;
    this.#ofSigning = new Statement(connection, `${select} WHERE signing = ? ORDER BY number`);
    this.#ofSlot = new Statement(connection, `${select} WHERE slot = ? ORDER BY number`);
    this.#ofEither = new Statement(connection, `${select} WHERE signing = ? OR slot = ? ORDER BY number`);
    this.#one = new Statement(connection, `${select} WHERE number = ?`);
    this.#newest = new Statement(connection, "SELECT number FROM movements ORDER BY number DESC LIMIT 1");
    this.#setState = new Statement(connection, "UPDATE movements SET state = ? WHERE number = ?");
    this.#transition = new Statement(connection, "INSERT INTO transitions VALUES (?, ?, ?)");
    const written = (column: string) => (marks: string) =>
      `SELECT ${column} FROM movements WHERE ${column} IN (${marks})`;
    this.#ofSignings = new LookAhead(connection, written("signing"));
    this.#ofSlots = new LookAhead(connection, written("slot"));
  }

  /** Looks at once which of these are new, so that {@link reserve} need not look for each. Holds until the next flush. */
  expect(asked: readonly NewMovements[]): void {
    this.#unwritten.clear();
    const slots = asked.flatMap(({ slot }) => slot ?? []);
    const rows = [
      ...this.#ofSignings.rowsOf(asked.map(({ signing }) => digestOf(signing))),
      ...this.#ofSlots.rowsOf(slots.map(digestOf)),
    ];
    const written = new Set(rows.map((row) => row.bytes(0).toString("hex")));
    for (const each of asked) {
      const { signing, slot = signing } = each;
      if (!written.has(signing) && !written.has(slot)) this.#unwritten.add(each);
    }
  }

  forget(): void {
    this.#rows.forget();
    this.#gathered = [];
    this.#unwritten.clear();
    this.#next = undefined;
  }

  flush(): void {
    this.#rows.flush();
    this.#gathered = [];
    this.#unwritten.clear();
  }

  /**
   * @returns how they were counted.
   * @throws SyntaxError where an amount is no integer, TypeError where the signing or the slot is no digest.
   */
  reserve(movements: NewMovements, origin: Origin): Counting {
    const { signing, slot, state = "reserved", rows } = movements;
    const bytes = { signing: digestOf(signing), slot: slot === undefined ? null : digestOf(slot) };
    const isKin = (movement: StoredMovement) =>
      movement.signing === signing || (slot !== undefined && movement.slot === slot);
    const stored = this.#unwritten.has(movements) ? [] : this.#stored(bytes.signing, bytes.slot);
    const kin = [...stored, ...this.#gathered.filter(isKin)];
    const ofSigning = kin.filter((movement) => movement.signing === signing);
    const said =
      state === "released"
        ? ofSigning.map((movement) => ({ ...movement, state: "reserved" as const }))
        : ofSigning;
    if (isCounted(said, rows)) return "none";
    const before = slot === undefined ? [] : kin.filter((movement) => movement.slot === slot);
    const added: StoredMovement[] = [];
    for (const row of rows) {
      // Nothing may be stored that a shape could not add up later.
      sumsOf(row);
      const number = this.#takeNumber();
      this.#rows.add(movementValues({ number, ...origin, ...bytes, state }, row));
      added.push({ number, ...row, ...origin, signing, slot, state });
    }
    this.#gathered.push(...added);
    this.#facts.add(added, before);
    return isShared([...before, ...added]) ? "excess" : "all";
  }

  /**
   * @returns whether anything counts otherwise than before.
   * @throws RangeError for a movement that there is not.
   */
  enter(movements: readonly number[], state: MovementState, entry: number): boolean {
    this.flush();
    const entering = [...new Set(movements)].map((number) => this.#movement(number));
    for (const { number } of entering) this.#transition.run([entry, number, state]);
    const changing = entering.filter((movement) => movement.state !== state);
    const states = new Map(changing.map(({ number }) => [number, state]));
    // What one of a slot adds depends on the others: each slot once, with all that changes of it.
    const slots = new Set<string>();
    let counts = false;
    for (const movement of changing) {
      const { slot } = movement;
      if (slot !== undefined && slots.has(slot)) continue;
      if (slot !== undefined) slots.add(slot);
      const inSlot = slot === undefined ? [movement] : this.#ofSlot.all([digestOf(slot)]).map(storedMovement);
      if (this.#facts.change(inSlot, states, entry)) counts = true;
    }
    for (const { number } of changing) this.#setState.run([state, number]);
    return counts;
  }

  /** @throws RangeError */
  #movement(number: number): StoredMovement {
    const row = this.#one.first([number]);
    if (row === undefined) throw new RangeError(`there is no movement ${number}`);
    return storedMovement(row);
  }

  /** Of a signing or a slot, in the order of their numbers: one question, since half of it is the way there. */
  #stored(signing: Buffer, slot: Buffer | null): StoredMovement[] {
    const rows = slot === null ? this.#ofSigning.all([signing]) : this.#ofEither.all([signing, slot]);
    return rows.map(storedMovement);
  }

  #takeNumber(): number {
    const number = this.#next ?? (this.#newest.first([])?.integer(0) ?? 0) + 1;
    this.#next = number + 1;
    return number;
  }
}

/** @throws TypeError where it is no SHA-256 in hex. */
export function digestOf(hex: string): Buffer {
  const bytes = Buffer.from(hex, "hex");
  if (bytes.length !== 32 || hex.length !== 64) throw new TypeError("a digest has 64 hexadecimal digits");
  return bytes;
}
