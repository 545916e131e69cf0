/**
 * Which movements one history query is about: `by` and `where` of design 3.8. Queries of equal shape are added
 * up once, whatever they ask of it and over whichever window.
 */
import { hash } from "node:crypto";

/** The members that history can be asked by. */
export const FACT_MEMBERS = [
  "organization.id",
  "project.id",
  "vault.id",
  "wallet.id",
  "transaction.chain",
  "transaction.token",
  "transaction.totals[].token",
  "transaction.destinations[].address",
  "transaction.sources[].address",
  "transaction.sources[].outpoint",
  "initiator.id",
  "kind",
] as const;
export type FactMember = (typeof FACT_MEMBERS)[number];

/** Constants that a movement must have; `direction` is always among them. */
export type FactWhere = Readonly<Partial<Record<FactMember | "state", string>>> & {
  readonly direction: string;
};

/**
 * @property by - movements that agree with the document in these members, sorted; all where it is empty.
 * @property where - and that have these values.
 */
export interface FactShape {
  readonly by: readonly FactMember[];
  readonly where: FactWhere;
}

const ids = new WeakMap<FactShape, string>();

/** One text for equal shapes, in whatever order they were written. */
export function shapeId(shape: FactShape): string {
  let id = ids.get(shape);
  if (id === undefined) {
    id = idOf(shape);
    ids.set(shape, id);
  }
  return id;
}

function idOf({ by, where }: FactShape): string {
  const entries = Object.entries(where).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ by: [...by].sort(), where: Object.fromEntries(entries) });
}

const KEY_BYTES = 16;

/** Those asked for lately: a decision asks for each several times, and so does the next of the same wallet. */
const keys = new Map<string, string>();
const MAX_KEYS = 4_096;
const MAX_KEPT_TEXT = 512;

/**
 * The key of one combination of values: 128 bits of SHA-256, in hex.
 *
 * @param values - in the order of the shape's sorted `by`.
 */
export function factKey(values: readonly string[]): string {
  const text = JSON.stringify(values);
  const known = keys.get(text);
  if (known !== undefined) return known;
  const key = hash("sha256", text, "buffer").toString("hex", 0, KEY_BYTES);
  if (text.length > MAX_KEPT_TEXT) return key;
  if (keys.size >= MAX_KEYS) keys.clear();
  keys.set(text, key);
  return key;
}
