/**
 * Transactions of which at most one can ever settle, added up: design 3.8, "proven replacements".
 *
 * A **slot** is what the bytes prove to be used up by whichever of them comes first: an account's nonce on its chain.
 * The signings of one slot (a payment and its speed-ups) count under each key as the largest of them, component by
 * component, since nobody knows which will settle. Contradicting claims about one signing add within that signing. What
 * has no price or no units has none beside a larger one either: how many of these there are adds.
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
      const own = sumsOf(movement);
      const sums = plus(bySigning.get(key) ?? NOTHING, own);
      bySigning.set(key, sums);
      const before = largest.get(key) ?? NOTHING;
      const after = grown(before, sums, own);
      largest.set(key, after);
      growths.set(key, minus(after, before));
    }
    return growths;
  });
}

/**
 * The largest after one more movement: each component by itself. What is not known is no amount of which the largest
 * could be told: each movement without a price or units leaves the sums of its own window absent.
 */
function grown(largest: FactTotals, signing: FactTotals, own: FactTotals): FactTotals {
  return {
    count: Math.max(largest.count, signing.count),
    usdMicros: largest.usdMicros > signing.usdMicros ? largest.usdMicros : signing.usdMicros,
    unpriced: largest.unpriced + own.unpriced,
    units: largest.units > signing.units ? largest.units : signing.units,
    unmeasured: largest.unmeasured + own.unmeasured,
  };
}
