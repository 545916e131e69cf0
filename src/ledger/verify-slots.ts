/**
 * Movements of which only the largest of their slot's signings counts: see `slots.ts`. Most slots have one signing,
 * whose movements count as all others do, so that only the others are kept in memory here.
 */
import { blob, hexOf, integer } from "./paged-rows.ts";
import type { Connection } from "./read-connection.ts";
import { add, NOTHING, type Sums, subtract } from "./verify-sums.ts";

/** Digests in hex. */
interface Place {
  readonly slot: string;
  readonly signing: string;
}

/** The movements, by number, of slots that have several signings. */
export function sharedSlots(database: Connection): ReadonlyMap<number, Place> {
  const rows = database
    .prepare(
      `SELECT slot, signing, number FROM movements INDEXED BY movements_slot WHERE slot IN
         (SELECT slot FROM movements WHERE slot IS NOT NULL GROUP BY slot HAVING count(*) > 1)
       ORDER BY slot`,
    )
    .raw(true);
  const shared = new Map<number, Place>();
  let inSlot: [number, Place][] = [];
  const endSlot = () => {
    if (new Set(inSlot.map(([, { signing }]) => signing)).size > 1) {
      for (const [number, place] of inSlot) shared.set(number, place);
    }
    inSlot = [];
  };
  for (const columns of rows.iterate()) {
    if (!Array.isArray(columns)) continue;
    const place = { slot: hexOf(blob(columns[0])), signing: hexOf(blob(columns[1])) };
    if (inSlot[0]?.[1].slot !== place.slot) endSlot();
    inSlot.push([integer(columns[2]), place]);
  }
  endSlot();
  return shared;
}

interface Slot {
  readonly signings: Map<string, Sums>;
  largest: Sums;
}

/** The slots under one key, as its movements come. */
export class SlotSums {
  readonly #slots = new Map<string, Slot>();

  /** @returns by how much the largest signing of its slot grows; what is not known of an amount adds. */
  grow({ slot, signing }: Place, own: Sums): Sums {
    let known = this.#slots.get(slot);
    if (known === undefined) {
      known = { signings: new Map(), largest: NOTHING };
      this.#slots.set(slot, known);
    }
    const sums = add(known.signings.get(signing) ?? NOTHING, own);
    known.signings.set(signing, sums);
    const before = known.largest;
    known.largest = {
      count: Math.max(before.count, sums.count),
      usd: before.usd < sums.usd ? sums.usd : before.usd,
      unpriced: before.unpriced + own.unpriced,
      units: before.units < sums.units ? sums.units : before.units,
      unmeasured: before.unmeasured + own.unmeasured,
    };
    return subtract(known.largest, before);
  }
}
