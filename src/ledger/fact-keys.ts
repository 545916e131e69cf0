/**
 * Under which keys of a shape a movement counts: the same function for what is written down and for what is
 * still on its way, so that both are added up alike.
 */
import { type FactMember, type FactShape, factKey } from "../input/fact-shape.ts";
import type { Movement, MovementState } from "./ledger.ts";

/**
 * The keys under which a movement counts: one for each combination of its values, as a movement with two sources
 * counts for both. None where it lacks a member, doesn't fit `where`, or is released. On a member that is a list
 * `where` asks whether it contains the value.
 */
export function factKeys(shape: FactShape, movement: Movement, state: MovementState): readonly string[] {
  if (state === "released" || !fits(shape, movement, state)) return [];
  let combinations: readonly (readonly string[])[] = [[]];
  for (const member of [...shape.by].sort()) {
    const values = valuesOf(movement, member);
    combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
  }
  const keys = combinations.map(factKey);
  return keys.length > 1 ? [...new Set(keys)] : keys;
}

function fits({ where }: FactShape, movement: Movement, state: MovementState): boolean {
  if (where.direction !== movement.direction) return false;
  if (where.state !== undefined && where.state !== state) return false;
  for (const [member, value] of Object.entries(where)) {
    if (member === "direction" || member === "state") continue;
    if (!valuesOf(movement, member).includes(value)) return false;
  }
  return true;
}

const SINGLE: Readonly<Record<string, (movement: Movement) => string | undefined>> = {
  "organization.id": (movement) => movement.organization,
  "project.id": (movement) => movement.project,
  "vault.id": (movement) => movement.vault,
  "wallet.id": (movement) => movement.wallet,
  "transaction.chain": (movement) => movement.chain,
  "transaction.token": (movement) => movement.token,
  "transaction.destinations[].address": (movement) => movement.destination,
  "initiator.id": (movement) => movement.initiator,
  kind: (movement) => movement.kind,
} satisfies Partial<Record<FactMember, (movement: Movement) => string | undefined>>;

/** Empty where the movement lacks the member, or there is no such member. */
function valuesOf(movement: Movement, member: string): readonly string[] {
  if (member === "transaction.sources[].address") return movement.sources;
  if (member === "transaction.sources[].outpoint") return movement.outpoints;
  const value = SINGLE[member]?.(movement);
  return value === undefined ? [] : [value];
}
