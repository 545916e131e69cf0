/**
 * Under which keys of a shape a movement counts: the same function for what is written down and for what is
 * still on its way, so that both are added up alike.
 */
import { type FactMember, type FactShape, factKey } from "../input/fact-shape.ts";
import type { Movement, MovementState } from "./ledger.ts";

type Values = (movement: Movement) => readonly string[];

/** A shape as it is asked: its members sorted and looked up once. */
interface Reading {
  readonly by: readonly Values[];
  readonly where: readonly { readonly values: Values; readonly value: string }[];
}

const readings = new WeakMap<FactShape, Reading>();

/**
 * The keys under which a movement counts: one for each combination of its values, as a movement with two sources
 * counts for both. None where it lacks a member, doesn't fit `where`, or is released. On a member that is a list
 * `where` asks whether it contains the value.
 */
export function factKeys(shape: FactShape, movement: Movement, state: MovementState): readonly string[] {
  if (state === "released" || shape.where.direction !== movement.direction) return [];
  if (shape.where.state !== undefined && shape.where.state !== state) return [];
  const { by, where } = readingOf(shape);
  for (const { values, value } of where) if (!values(movement).includes(value)) return [];
  let combinations: string[][] = [[]];
  for (const valuesOf of by) {
    const values = valuesOf(movement);
    const [only] = values;
    if (only !== undefined && values.length === 1) for (const before of combinations) before.push(only);
    else combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
  }
  const keys = combinations.map(factKey);
  return keys.length > 1 ? [...new Set(keys)] : keys;
}

function readingOf(shape: FactShape): Reading {
  let reading = readings.get(shape);
  if (reading === undefined) {
    const where = [];
    for (const [member, value] of Object.entries(shape.where)) {
      if (member !== "direction" && member !== "state") where.push({ values: valuesOf(member), value });
    }
    reading = { by: [...shape.by].sort().map(valuesOf), where };
    readings.set(shape, reading);
  }
  return reading;
}

const SINGLE: Readonly<Record<string, (movement: Movement) => string | undefined>> = {
  "organization.id": (movement) => movement.organization,
  "project.id": (movement) => movement.project,
  "vault.id": (movement) => movement.vault,
  "wallet.id": (movement) => movement.wallet,
  "transaction.chain": (movement) => movement.chain,
  "transaction.token": (movement) => movement.token,
  "transaction.totals[].token": (movement) => movement.token,
  "transaction.destinations[].address": (movement) => movement.destination,
  "initiator.id": (movement) => movement.initiator,
  kind: (movement) => movement.kind,
} satisfies Partial<Record<FactMember, (movement: Movement) => string | undefined>>;

/** How a member is read; empty where a movement lacks it, or there is no such member. */
function valuesOf(member: string): Values {
  if (member === "transaction.sources[].address") return (movement) => movement.sources;
  if (member === "transaction.sources[].outpoint") return (movement) => movement.outpoints;
  const read = SINGLE[member];
  return (movement) => {
    const value = read?.(movement);
    return value === undefined ? [] : [value];
  };
}
