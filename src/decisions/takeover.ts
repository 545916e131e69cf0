/**
 * A withdrawal that was confirmed before it is signed counts once (design 3.8).
 *
 * The approval of a confirmation reserves what will be paid, before there are any bytes. What is signed later for the
 * same transaction takes that over. The movements of a confirmation are
 *
 * - **held** from its approval on: they count for whoever asks;
 * - **left out** of what a signing sees, where the signing is of the same transaction (they share a name) and pays the
 *   same token and amount to the same destination. It is judged without them, as it is without its own;
 * - **released** by the entry of that signing's approval, in which the signing's own movements are counted. A refusal
 *   releases nothing.
 *
 * Names are claims of whoever asks, so that only one list of hashes gets a confirmation's place: the next one finds
 * nothing that is held, and adds. So does a signing that says another amount, destination or token, or where one of
 * the two does not know: then both count. A push may say that what was confirmed is on its chain, or settled; that is
 * not taken over either.
 *
 * While the signing's entry is on its way to the disk, others see the larger of the two, under each key: so nobody
 * sees less than what will count, whether it gets there or not.
 */
import type { Document } from "../input/document.ts";
import type { FactShape } from "../input/fact-shape.ts";
import { minus } from "../ledger/fact-sums.ts";
import type {
  FactTotals,
  Movement,
  NewMovements,
  Snapshot,
  StoredMovement,
  TransactionNames,
} from "../ledger/ledger.ts";
import { heldClaims } from "../ledger/movement-rows.ts";
import { transactionNamesOf } from "./movements.ts";
import { sumUnder } from "./own-movements.ts";
import type { Ticket } from "./tickets.ts";

const CONFIRMATION: Document["kind"] = "withdrawal_confirmation";

/** What a decision's row says of what its approval moved. */
interface Approved {
  readonly kind: Document["kind"];
  readonly signing?: string | undefined;
  readonly transaction?: TransactionNames | undefined;
  readonly movements?: readonly Movement[] | undefined;
}

/**
 * The movements of confirmations whose place a signing takes, once it is approved.
 *
 * @param movements - what the document would move.
 * @returns none for what is not signed.
 * @throws LedgerError where the ledger can't be read.
 */
export function takenOver(
  { signing }: Document,
  { rows }: NewMovements,
  names: TransactionNames | undefined,
  snapshot: Snapshot,
): readonly StoredMovement[] {
  if (signing === undefined || names === undefined) return [];
  const confirmed = snapshot.confirmed(names);
  if (confirmed.length === 0) return [];
  let left: readonly Movement[] = rows;
  const taken: StoredMovement[] = [];
  for (const claim of heldClaims(confirmed)) {
    const rest = without(left, claim);
    if (rest === undefined) continue;
    left = rest;
    taken.push(...claim);
  }
  return taken;
}

/**
 * Whether what an approved confirmation reserved is counted as what was signed for it.
 *
 * @throws LedgerError where the ledger can't be read.
 */
export function isTakenOver(row: Approved, snapshot: Snapshot): boolean {
  const { kind, signing, transaction, movements } = row;
  if (kind !== CONFIRMATION || signing === undefined || transaction === undefined) return false;
  if (movements === undefined || heldClaims(snapshot.signed(signing)).length > 0) return false;
  const counted = ofTransaction(transaction, snapshot).filter((movement) => movement.kind !== CONFIRMATION);
  return heldClaims(counted).some((claim) => without(claim, movements) !== undefined);
}

function ofTransaction(names: TransactionNames, snapshot: Snapshot): readonly StoredMovement[] {
  return snapshot.transactionsNamed(names).flatMap((transaction) => snapshot.movementsOf(transaction));
}

/** What is left of some movements when each of a claim has found one that says the same; undefined where one has not. */
function without(
  movements: readonly Movement[],
  claim: readonly Movement[],
): readonly Movement[] | undefined {
  const left = [...movements];
  for (const each of claim) {
    const at = left.findIndex((movement) => agrees(movement, each));
    if (at < 0) return undefined;
    left.splice(at, 1);
  }
  return left;
}

/** What is not known agrees with nothing; a chain, which a token is of anyway, only where it is known differs. */
function agrees(a: Movement, b: Movement): boolean {
  if (a.token === undefined || a.destination === undefined || a.units === undefined) return false;
  if (a.chain !== undefined && b.chain !== undefined && a.chain !== b.chain) return false;
  const isSame = a.token === b.token && a.destination === b.destination && a.units === b.units;
  return isSame && a.direction === "out" && b.direction === "out";
}

/** What the tickets that a snapshot lacks take over, each movement for the first of them. */
export class TakenByOthers {
  readonly #held = new Map<Ticket, readonly StoredMovement[]>();

  /** @param own - movements that are left out already. */
  constructor(tickets: readonly Ticket[], own: readonly StoredMovement[], snapshot: Snapshot) {
    let seen: Set<number> | undefined;
    for (const ticket of tickets) {
      if (ticket.takesOver.length === 0) continue;
      seen ??= new Set(own.map(({ number }) => number));
      // As it is now: what was released meanwhile is in no sum any more.
      const held = [...new Set(ticket.takesOver.map(({ signing }) => signing))]
        .flatMap((signing) => snapshot.signed(signing))
        .filter(({ number, state }) => state !== "released" && isAmong(ticket.takesOver, number));
      this.#held.set(
        ticket,
        held.filter(({ number }) => !seen?.has(number)),
      );
      for (const { number } of held) seen.add(number);
    }
  }

  /** Whether they take nothing over. */
  get isNothing(): boolean {
    return this.#held.size === 0;
  }

  /** What of a ticket's own sums under a key exceeds what it takes the place of. */
  excess(
    ticket: Ticket,
    sums: FactTotals,
    shape: FactShape,
    key: string,
    after: number | undefined,
  ): FactTotals {
    const held = this.#held.get(ticket);
    return held === undefined ? sums : positive(minus(sums, sumUnder(held, shape, key, after)));
  }
}

function isAmong(movements: readonly StoredMovement[], number: number): boolean {
  return movements.some((movement) => movement.number === number);
}

function positive({ count, usdMicros, unpriced, units, unmeasured }: FactTotals): FactTotals {
  return {
    count: Math.max(count, 0),
    usdMicros: usdMicros > 0n ? usdMicros : 0n,
    unpriced: Math.max(unpriced, 0),
    units: units > 0n ? units : 0n,
    unmeasured: Math.max(unmeasured, 0),
  };
}

interface Asked {
  readonly names: readonly string[];
  readonly decided: Promise<unknown>;
}

/** The confirmations that are being decided: what is signed for one of them waits until there is something to take over. */
export class Confirming {
  readonly #asked: Asked[] = [];

  /** @param decided - resolves when it is on the disk, or never will be; it never rejects. */
  add(document: Document, decided: Promise<unknown>): void {
    if (document.kind !== CONFIRMATION) return;
    const asked = { names: transactionNamesOf(document)?.names ?? [], decided };
    this.#asked.push(asked);
    void decided.then(() => this.#asked.splice(this.#asked.indexOf(asked), 1));
  }

  /** Undefined where there is nothing to wait for. */
  of({ signing }: Document, names: TransactionNames | undefined): Promise<unknown> | undefined {
    if (this.#asked.length === 0 || signing === undefined || names === undefined) return undefined;
    const found = this.#asked.filter((asked) => asked.names.some((name) => names.names.includes(name)));
    return found.length === 0 ? undefined : Promise.all(found.map(({ decided }) => decided));
  }
}
