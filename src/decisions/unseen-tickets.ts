/**
 * The earlier requests that add something to what a snapshot has, for one document. Whoever asks for the same bytes
 * again adds nothing, be the first asking on its way or in the ledger already; claims that contradict it add, as they
 * do there; and of the signings of one slot the largest counts, the ledger's among them.
 */
import { type FactShape, shapeId } from "../input/fact-shape.ts";
import { NOTHING, plus, RunningSum } from "../ledger/fact-sums.ts";
import type { FactTotals, NewMovements, Snapshot } from "../ledger/ledger.ts";
import { heldClaims, sameMovements } from "../ledger/movement-rows.ts";
import { growthsOf, type SlotMovement } from "../ledger/slots.ts";
import { inSlot } from "./own-movements.ts";
import { TakenByOthers } from "./takeover.ts";
import type { Ticket } from "./tickets.ts";

/** The tickets of one slot, after what the ledger has of it. */
interface SharedSlot {
  readonly stored: readonly SlotMovement[];
  readonly tickets: Ticket[];
}

export class UnseenTickets {
  /** In their order; those of the document's own slot are among them. */
  readonly all: readonly Ticket[];
  /** Those that were counted and may still be refused. */
  readonly assumed = new Set<Ticket>();
  readonly #single: Ticket[] = [];
  readonly #slots = new Map<string, SharedSlot>();
  readonly #taken: TakenByOthers;
  /** What they add, by shape and key: several queries ask for the same, over windows that all of them lie in. */
  readonly #sums = new Map<string, Map<string, FactTotals>>();

  /**
   * @param ticket - the document's own.
   * @param earlier - those before it, in their order.
   * @throws LedgerError where the ledger can't be read.
   */
  constructor(snapshot: Snapshot, { movements: own, takesOver }: Ticket, earlier: readonly Ticket[]) {
    this.all = unseenBy(snapshot, own.signing, earlier);
    for (const ticket of this.all) {
      const { signing, slot } = ticket.movements;
      if (slot !== undefined && slot === own.slot) continue;
      if (slot === undefined || !ticket.sharesSlot) this.#single.push(ticket);
      else this.#slotOf(slot, signing, own, snapshot).tickets.push(ticket);
    }
    this.#taken = new TakenByOthers(this.#single, takesOver, snapshot);
  }

  /** What they add to a key. @param after - milliseconds: as the ledger's totals were asked for. */
  totals(shape: FactShape, key: string, after: number | undefined): FactTotals {
    // Only of what is taken over, which is in the ledger, something may lie before the window.
    if (!this.#taken.isNothing) return this.#totals(shape, key, after);
    const id = shapeId(shape);
    const sums = this.#sums.get(id) ?? new Map<string, FactTotals>();
    const sum = sums.get(key) ?? this.#totals(shape, key, after);
    this.#sums.set(id, sums.set(key, sum));
    return sum;
  }

  #totals(shape: FactShape, key: string, after: number | undefined): FactTotals {
    const single = new RunningSum();
    for (const ticket of this.#single) {
      const more = ticket.sumsOf(shape).get(key);
      if (more === undefined) continue;
      this.assume(ticket);
      single.add(this.#taken.excess(ticket, more, shape, key, after));
    }
    let sum = single.totals;
    for (const slot of this.#slots.values()) sum = plus(sum, this.#growth(slot, shape, key));
    return sum;
  }

  /** When those came that move something under a key, milliseconds. */
  timesOf(shape: FactShape, key: string): number[] {
    const tickets = [...this.#single, ...[...this.#slots.values()].flatMap((slot) => slot.tickets)];
    const found = tickets.filter((ticket) => ticket.sumsOf(shape).has(key));
    for (const ticket of found) this.assume(ticket);
    return found.map(({ at }) => at);
  }

  #growth({ stored, tickets }: SharedSlot, shape: FactShape, key: string): FactTotals {
    let movements = stored;
    for (const ticket of tickets) {
      if (ticket.sumsOf(shape).has(key)) this.assume(ticket);
      movements = [...movements, ...ticket.slotMovements()];
    }
    return growthsOf(shape, movements)
      .slice(stored.length)
      .map((growths) => growths.get(key) ?? NOTHING)
      .reduce(plus, NOTHING);
  }

  /** An answer goes by it as if it were approved. */
  assume(ticket: Ticket): void {
    if (ticket.state === "open") this.assumed.add(ticket);
  }

  /** What the document's own signing moved in it is left out here as it is there. */
  #slotOf(slot: string, signing: string, own: NewMovements, snapshot: Snapshot): SharedSlot {
    let known = this.#slots.get(slot);
    if (known === undefined) {
      const stored = inSlot(snapshot.signed(signing, slot), slot).filter(
        (movement) => movement.signing !== own.signing,
      );
      known = { stored, tickets: [] };
      this.#slots.set(slot, known);
    }
    return known;
  }
}

function unseenBy(snapshot: Snapshot, signing: string, earlier: readonly Ticket[]): readonly Ticket[] {
  const unseen: Ticket[] = [];
  for (const ticket of earlier) {
    const { movements } = ticket;
    if (movements.signing === signing || !ticket.isMissingFrom(snapshot.through)) continue;
    if (ticket.mayBeStored && isCounted(movements, unseen, snapshot)) continue;
    unseen.push(ticket);
  }
  return unseen;
}

function isCounted(movements: NewMovements, unseen: readonly Ticket[], snapshot: Snapshot): boolean {
  const { signing, rows } = movements;
  const claims = unseen
    .filter((ticket) => ticket.isOfSameBytes(movements))
    .map((ticket) => ticket.movements.rows);
  return [...claims, ...heldClaims(snapshot.signed(signing))].some((claim) => sameMovements(claim, rows));
}
