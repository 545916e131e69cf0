/**
 * Who counts before whom. Two requests at once must not both pass a limit that only one fits, and none may be
 * refused for another that was refused itself (design 3.8).
 *
 * Each request takes a ticket when it arrives; tickets are ordered, and history as a request sees it is the
 * ledger and every earlier ticket, as if one were decided after the other. A ticket is
 *
 * - `open` while its request is judged. A later one that shares a fact key with it assumes that it will be
 *   approved, counts it, and remembers that it assumed so;
 * - `reserved` when it was approved and its entry has its place in the ledger's order. It is counted from here
 *   until a snapshot contains it;
 * - `dropped` when it was refused, or its entry could not be written. It is never counted again.
 *
 * It goes from `open` to one of the others, and from `reserved` to `dropped` where the disk refused it. Whoever
 * assumed an approval waits until the ticket is no longer open; where the assumption was wrong it is judged once
 * more, and if that was wrong again it waits until every earlier ticket is settled and is judged alone. So most
 * requests are judged side by side and in one round, and the outcome is that of judging them one by one.
 */
import { type FactShape, shapeId } from "../input/fact-shape.ts";
import { factKeys } from "../ledger/fact-keys.ts";
import { NOTHING, plus, sumsOf } from "../ledger/fact-sums.ts";
import type {
  FactTotals,
  Movement,
  NewMovements,
  StoredMovement,
  TransactionNames,
} from "../ledger/ledger.ts";
import type { SlotMovement } from "../ledger/slots.ts";

export type TicketState = "open" | "reserved" | "dropped";

/** The tickets of most requests add nothing to most shapes. */
const NONE: ReadonlyMap<string, FactTotals> = new Map();

export class Ticket {
  readonly movements: NewMovements;
  /** Of its transaction. */
  readonly names: TransactionNames | undefined;
  /** Milliseconds since the epoch: when its request came. */
  readonly at: number;
  /** Resolves when it is no longer open. */
  readonly settled: Promise<void>;
  #state: TicketState = "open";
  #order = Number.POSITIVE_INFINITY;
  #settle: () => void = () => {};
  readonly #sums = new Map<string, ReadonlyMap<string, FactTotals>>();
  #mayBeStored = false;
  #sharesSlot = false;
  #takesOver: readonly StoredMovement[] = [];

  constructor(movements: NewMovements, at: number, names?: TransactionNames) {
    this.movements = movements;
    this.names = names;
    this.at = at;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get state(): TicketState {
    return this.#state;
  }

  /** @param order - of its entry: see `Snapshot.through`. */
  reserve(order: number): void {
    this.#state = "reserved";
    this.#order = order;
    this.#settle();
  }

  drop(): void {
    this.#state = "dropped";
    this.#settle();
  }

  /** Whether a snapshot that reaches `through` lacks it. */
  isMissingFrom(through: number): boolean {
    return this.#state === "open" || (this.#state === "reserved" && this.#order > through);
  }

  /** What its approval would take over, as of its last look at the ledger: see `takeover.ts`. */
  get takesOver(): readonly StoredMovement[] {
    return this.#takesOver;
  }

  takeOver(confirmed: readonly StoredMovement[]): void {
    this.#takesOver = confirmed;
  }

  /** The ledger has movements of this signing. */
  foundStored(): void {
    this.#mayBeStored = true;
  }

  /** The ledger has movements of its slot by another signing. */
  foundReplaced(): void {
    this.#sharesSlot = true;
  }

  /** Each of two requests for the same bytes, or for the same slot, may be in the ledger before the other. */
  meet(other: Ticket): void {
    const { signing, slot } = this.movements;
    if (other.movements.signing === signing) {
      this.#mayBeStored = true;
      other.#mayBeStored = true;
    } else if (slot !== undefined && other.movements.slot === slot) {
      this.#sharesSlot = true;
      other.#sharesSlot = true;
    }
  }

  /** Whether the same bytes may have been approved before, so that approving them again adds nothing. */
  get mayBeStored(): boolean {
    return this.#mayBeStored;
  }

  /** Whether another signing of its slot may have been approved before, so that it adds less than all. */
  get sharesSlot(): boolean {
    return this.#sharesSlot;
  }

  /** Its movements as the ledger will have them. */
  slotMovements(): readonly SlotMovement[] {
    const { signing, rows } = this.movements;
    return rows.map((row) => ({ ...row, signing, state: "reserved" }));
  }

  isOfSameBytes({ signing }: NewMovements): boolean {
    return this.movements.signing === signing;
  }

  /** What its movements add to each key of a shape. */
  sumsOf(shape: FactShape): ReadonlyMap<string, FactTotals> {
    const id = shapeId(shape);
    let sums = this.#sums.get(id);
    if (sums === undefined) {
      sums = sumsByKey(this.movements.rows, shape);
      this.#sums.set(id, sums);
    }
    return sums;
  }
}

/**
 * The tickets that a snapshot may lack, in their order. In an array, since a Set keeps what was deleted from it:
 * see `passing.ts`.
 */
export class Tickets {
  readonly #tickets: Ticket[] = [];

  take(movements: NewMovements, at: number, names: TransactionNames | undefined): Ticket {
    const ticket = new Ticket(movements, at, names);
    for (const other of this.#tickets) ticket.meet(other);
    this.#tickets.push(ticket);
    return ticket;
  }

  /** It is dropped, or in every snapshot from now on. */
  forget(ticket: Ticket): void {
    const at = this.#tickets.indexOf(ticket);
    if (at >= 0) this.#tickets.splice(at, 1);
  }

  /** Whether a request is being judged. */
  isAnyOpen(): boolean {
    for (const { state } of this.#tickets) if (state === "open") return true;
    return false;
  }

  before(ticket: Ticket): readonly Ticket[] {
    const at = this.#tickets.indexOf(ticket);
    return this.#tickets.slice(0, at < 0 ? undefined : at);
  }

  /** Resolves when no earlier ticket is open. */
  async turnOf(ticket: Ticket): Promise<void> {
    await Promise.all(this.before(ticket).map(({ settled }) => settled));
  }
}

function sumsByKey(rows: readonly Movement[], shape: FactShape): ReadonlyMap<string, FactTotals> {
  let sums: Map<string, FactTotals> | undefined;
  for (const row of rows) {
    for (const key of factKeys(shape, row, "reserved")) {
      sums ??= new Map();
      sums.set(key, plus(sums.get(key) ?? NOTHING, sumsOf(row)));
    }
  }
  return sums ?? NONE;
}
