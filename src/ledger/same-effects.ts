/** Whether two lists of movements say the same of one signing. */
import type { Movement } from "./ledger.ts";

/**
 * Compares what is moved, not what it was worth when it was asked for: a second node asks a moment later, at
 * another price. Lists of different effects are claims that contradict each other.
 */
export function sameEffects(left: readonly Movement[], right: readonly Movement[]): boolean {
  return (
    left.length === right.length &&
    left.every((movement, at) => {
      const other = right[at];
      return other !== undefined && effectOf(movement) === effectOf(other);
    })
  );
}

function effectOf(movement: Movement): string {
  const {
    organization,
    wallet,
    chain,
    token,
    sources,
    outpoints,
    destination,
    kind,
    direction,
    units,
    nonce,
  } = movement;
  return JSON.stringify([
    organization,
    wallet,
    chain,
    token,
    sources,
    outpoints,
    destination,
    kind,
    direction,
    units,
    nonce,
  ]);
}
