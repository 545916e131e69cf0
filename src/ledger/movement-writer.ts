/**
 * Movements, written. The movements of one signing are counted once, however often it is approved: where those
 * of an earlier approval say the same and are not released, nothing is added. Where they differ, these are claims
 * that contradict each other, and the new ones add.
 */
import { type Connection, Statement, type Value } from "./database.ts";
import type { FactLog } from "./fact-log.ts";
import { sumsOf } from "./fact-sums.ts";
import { Inserts } from "./inserts.ts";
import type { Movement, MovementState, NewEntry, StoredMovement } from "./ledger.ts";
import {
  isCounted,
  MOVEMENT_COLUMNS,
  MOVEMENT_WIDTH,
  movementValues,
  storedMovement,
} from "./movement-rows.ts";

/** What movements are of: the decision's number, its transaction's, and its time in milliseconds. */
interface Origin {
  readonly entry: number;
  readonly transaction: number;
  readonly at: number;
}

export class MovementWriter {
  readonly #facts: FactLog;
  readonly #rows: Inserts;
  readonly #ofSigning: Statement;
  readonly #one: Statement;
  readonly #newest: Statement;
  readonly #setState: Statement;
  #next: number | undefined;
  #gathered: StoredMovement[] = [];

  constructor(connection: Connection, facts: FactLog) {
    this.#facts = facts;
    this.#rows = new Inserts(connection, `movements (${MOVEMENT_COLUMNS})`, MOVEMENT_WIDTH);
    const select = `SELECT ${MOVEMENT_COLUMNS} FROM movements`;
    this.#ofSigning = new Statement(connection, `${select} WHERE signing = ? ORDER BY number`);
    this.#one = new Statement(connection, `${select} WHERE number = ?`);
    this.#newest = new Statement(connection, "SELECT number FROM movements ORDER BY number DESC LIMIT 1");
    this.#setState = new Statement(connection, "UPDATE movements SET state = ? WHERE number = ?");
  }

  forget(): void {
    this.#rows.forget();
    this.#gathered = [];
    this.#next = undefined;
  }

  flush(): void {
    this.#rows.flush();
    this.#gathered = [];
  }

  /**
   * @returns whether they were added.
   * @throws SyntaxError where an amount is no integer, TypeError where the signing is no digest.
   */
  reserve({ signing, rows }: NonNullable<NewEntry["movements"]>, origin: Origin): boolean {
    const bytes = digestOf(signing);
    if (this.#isCounted(signing, bytes, rows)) return false;
    for (const row of rows) {
      // Nothing may be stored that a shape could not add up later.
      sumsOf(row);
      const number = this.#takeNumber();
      const movement: StoredMovement = { ...row, ...origin, number, signing, state: "reserved" };
      this.#rows.add(movementValues({ ...origin, number, signing: bytes, state: "reserved" }, row));
      this.#gathered.push(movement);
      this.#facts.add(movement);
    }
    return true;
  }

  /** @throws RangeError for a movement that there is not. */
  enter(movements: readonly number[], state: MovementState, entry: number): void {
    this.flush();
    for (const number of new Set(movements)) {
      const row = this.#one.first([number]);
      if (row === undefined) throw new RangeError(`there is no movement ${number}`);
      const movement = storedMovement(row);
      if (movement.state === state) continue;
      this.#facts.change(movement, state, entry);
      this.#setState.run([state, number]);
    }
  }

  #isCounted(signing: string, bytes: Value, rows: readonly Movement[]): boolean {
    const stored = this.#ofSigning.all([bytes]).map(storedMovement);
    const gathered = this.#gathered.filter((movement) => movement.signing === signing);
    return isCounted([...stored, ...gathered], rows);
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
