/**
 * Transactions of which at most one can ever settle, added up: design 3.8, "proven replacements".
 *
 * A **slot** is what the bytes prove to be used up by whichever of them comes first: an account's nonce on its chain.
 * The signings of one slot (a payment and its speed-ups) count under each key as the largest of them, component by
 * component, since nobody knows which will settle. Contradicting claims about one signing add within that signing.
 *
 * The running aggregates are sums over movements, one after the other in the order of their numbers, each at its own
 * time. So a movement of a slot adds what the largest of its slot grows by when it comes, which is nothing where it
 * stays below an earlier signing: its **growth**. The growths of a slot's movements add up to its largest signing, at
 * whatever movement one stops, so that every window begins and ends with it.
 *
 * When a movement enters another state (it is released, say), its own growth changes, and so may those of the later
 * movements of its slot: where the largest is released, the next one takes its place, at the time at which it came.
 * What the growths are before and after is worked out from all movements of the slot, and each difference is written
 * down as a late change at the time of the movement that it is about.
 */
import type { FactShape } from "../input/fact-shape.ts";
import { factKeys } from "./fact-keys.ts";
import { minus, NOTHING, plus, sumsOf } from "./fact-sums.ts";
import type { FactTotals, Movement, MovementState } from "./ledger.ts";

/** A movement of a slot, stored or still on its way. */
export interface SlotMovement extends Movement {
  readonly signing: string;
  readonly state: MovementState;
}

/** Whether movements of one slot are of several signings: else each of them simply adds. */
export function isShared(movements: readonly SlotMovement[]): boolean {
  const [first] = movements;
  return movements.some(({ signing }) => signing !== first?.signing);
}

/**
 * What each movement of one slot adds under each key of a shape at which it counts.
 *
 * @param movements - all of the slot up to the last that is asked for, in the order of their numbers.
 * @returns in their order.
 */
export function growthsOf(
  shape: FactShape,
  movements: readonly SlotMovement[],
): readonly ReadonlyMap<string, FactTotals>[] {
  const signings = new Map<string, Map<string, FactTotals>>();
  const largest = new Map<string, FactTotals>();
  return movements.map((movement) => {
    let bySigning = signings.get(movement.signing);
    if (bySigning === undefined) {
      bySigning = new Map();
      signings.set(movement.signing, bySigning);
    }
    const growths = new Map<string, FactTotals>();
    for (const key of factKeys(shape, movement, movement.state)) {
      const sums = plus(bySigning.get(key) ?? NOTHING, sumsOf(movement));
      bySigning.set(key, sums);
      const before = largest.get(key) ?? NOTHING;
      const after = larger(before, sums);
      largest.set(key, after);
      growths.set(key, minus(after, before));
    }
    return growths;
  });
}

/** Each component by itself: an unpriced signing keeps the sum absent, however much another one is worth. */
function larger(a: FactTotals, b: FactTotals): FactTotals {
  return {
    count: Math.max(a.count, b.count),
    usdMicros: a.usdMicros > b.usdMicros ? a.usdMicros : b.usdMicros,
    unpriced: Math.max(a.unpriced, b.unpriced),
    units: a.units > b.units ? a.units : b.units,
    unmeasured: Math.max(a.unmeasured, b.unmeasured),
  };
}
