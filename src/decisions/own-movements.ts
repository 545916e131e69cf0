/**
 * What of history is the document's own: what its very signing has moved already, what it provably replaces, the
 * other signings of its slot, and what it takes over of a confirmation. None of it is ever in an answer (design 3.8).
 *
 * What simply adds is taken out as it was added. Of a slot that has several signings that is not enough, since each
 * counts only by what it exceeds the others: there history with the document's own is compared with history without.
 */
import type { FactShape } from "../input/fact-shape.ts";
import { factKeys } from "../ledger/fact-keys.ts";
import { minus, NOTHING, plus, sumsOf } from "../ledger/fact-sums.ts";
import type { FactTotals, NewMovements, Snapshot, StoredMovement } from "../ledger/ledger.ts";
import { growthsOf, isShared } from "../ledger/slots.ts";

interface SharedSlot {
  readonly all: readonly StoredMovement[];
  readonly others: readonly StoredMovement[];
}

export class OwnMovements {
  /** Whether its signing or its slot has movements, released ones too. */
  readonly isStored: boolean;
  /** By number, released ones too. */
  readonly numbers: ReadonlySet<number>;
  /** Whether its slot has movements of other signings: what it adds depends on them. */
  readonly replaces: boolean;
  readonly #single: readonly StoredMovement[];
  readonly #slots: readonly SharedSlot[];

  /**
   * @param taken - see `takeover.ts`.
   * @throws LedgerError where the ledger can't be read.
   */
  constructor(snapshot: Snapshot, { signing, slot }: NewMovements, taken: readonly StoredMovement[]) {
    const own = snapshot.signed(signing, slot);
    this.isStored = own.length > 0;
    this.numbers = new Set([...own, ...taken].map(({ number }) => number));
    this.replaces = own.some((movement) => movement.signing !== signing);
    const single = own.filter((movement) => movement.slot === undefined);
    const slots: SharedSlot[] = [];
    for (const each of new Set(own.flatMap((movement) => movement.slot ?? []))) {
      const all = inSlot(each === slot ? own : snapshot.signed(signing, each), each);
      if (isShared(all)) slots.push({ all, others: all.filter(({ number }) => !this.numbers.has(number)) });
      else single.push(...all);
    }
    this.#single = [...single, ...taken];
    this.#slots = slots;
  }

  /**
   * What they are of a key's totals.
   *
   * @param after - milliseconds: as the totals were asked for.
   */
  totals(shape: FactShape, key: string, after: number | undefined): FactTotals {
    let sum = sumUnder(this.#single, shape, key, after);
    for (const { all, others } of this.#slots) {
      sum = plus(sum, minus(grown(shape, all, key, after), grown(shape, others, key, after)));
    }
    return sum;
  }
}

/** What movements that simply add are of a key's totals. @param after - milliseconds: as the totals were asked for. */
export function sumUnder(
  movements: readonly StoredMovement[],
  shape: FactShape,
  key: string,
  after: number | undefined,
): FactTotals {
  let sum = NOTHING;
  for (const movement of movements) {
    if (!isAfter(movement, after)) continue;
    if (factKeys(shape, movement, movement.state).includes(key)) sum = plus(sum, sumsOf(movement));
  }
  return sum;
}

/** The movements of a slot among those that were found. */
export function inSlot(movements: readonly StoredMovement[], slot: string): readonly StoredMovement[] {
  return movements.filter((movement) => movement.slot === slot);
}

function isAfter({ at }: StoredMovement, after: number | undefined): boolean {
  return after === undefined || at > after;
}

/** What a slot adds to a key in a window. */
function grown(
  shape: FactShape,
  movements: readonly StoredMovement[],
  key: string,
  after: number | undefined,
): FactTotals {
  const growths = growthsOf(shape, movements);
  return movements
    .map((movement, at) => (isAfter(movement, after) ? growths[at]?.get(key) : undefined))
    .reduce<FactTotals>((sum, growth) => (growth === undefined ? sum : plus(sum, growth)), NOTHING);
}
