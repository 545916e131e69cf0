/**
 * What an expression may stand for, as far as the follower must know it.
 *
 * A value is either a place in the document or in the release's data, or something computed. A computed value
 * keeps what it holds as long as that may be a place in the document with members of its own; `opaque` is a
 * value in which no such place can hide.
 */
import { createHash } from "node:crypto";
import type { Place } from "./ast.ts";
import type { SchemaNode } from "./schema-node.ts";

export type Constant = string | number | boolean | null;

export type Value =
  | {
      readonly kind: "document";
      readonly path: readonly string[];
      readonly node: SchemaNode;
      /** One element of a list, taken by its place in a pattern: `[first, _]`. */
      readonly byPlace?: true;
    }
  | { readonly kind: "data"; readonly path: readonly string[]; readonly mayLack: boolean }
  | { readonly kind: "constant"; readonly value: Constant }
  | {
      readonly kind: "list" | "set";
      readonly items: Values;
      readonly lacks?: Lack;
      /** What each place of an array that is written out holds. */
      readonly places?: readonly Values[];
    }
  | {
      readonly kind: "object";
      readonly members: ReadonlyMap<string, Values>;
      /** Values under keys that are not known. */
      readonly others: Values;
      readonly keys: Values;
      readonly lacks?: Lack;
    }
  /** Anything, unless said: a text, a number, or a key of a table or list. */
  | {
      readonly kind: "opaque";
      readonly is?: "text" | "number" | "key";
      /** The place in a list that a loop is at. */
      readonly ofLoop?: true;
      readonly from?: Origin;
      /** How many there are of something. */
      readonly ofCount?: true;
      readonly lacks?: Lack;
    };

/** Where an element may have dropped out of it, or of what it was made from: see `fallible.ts`. */
type Lack = Place;

/**
 * A place of the document that a value was made from; of several only one.
 *
 * @property path - with `input`; of the keys of a table it ends in `KEY_STEP`.
 * @property isClosed - whether the schema lists all values of that place.
 */
export interface Origin {
  readonly path: string;
  readonly isClosed: boolean;
}

/** The last step of an origin that is a key. */
export const KEY_STEP = "(key)";

/** The alternatives of one expression. Empty where nothing is known yet, or nothing can come out. */
export type Values = readonly Value[];

export const OPAQUE: Values = [{ kind: "opaque" }];
export const NUMBER: Values = [{ kind: "opaque", is: "number" }];
export const COUNT: Values = [{ kind: "opaque", is: "number", ofCount: true }];
export const LOOP_PLACE: Values = [{ kind: "opaque", is: "number", ofLoop: true }];
export const KEY: Values = [{ kind: "opaque", is: "key" }];

const keys = new WeakMap<Value, string>();
/** Longer ones are hashed: an object that holds another one twice, and so on, would double them each time. */
const MAX_KEY = 256;

/** Two values with the same key mean the same. */
function keyOf(value: Value): string {
  const known = keys.get(value);
  if (known !== undefined) return known;
  const spelled = spell(value);
  const key = spelled.length > MAX_KEY ? createHash("sha256").update(spelled).digest("base64") : spelled;
  keys.set(value, key);
  return key;
}

function spell(value: Value): string {
  switch (value.kind) {
    case "document":
      return `i:${JSON.stringify(value.path)}:${value.node.type}${value.byPlace === true ? "!" : ""}`;
    case "data":
      return `d:${JSON.stringify(value.path)}${value.mayLack ? "?" : ""}`;
    case "constant":
      return `c:${JSON.stringify(value.value)}`;
    case "list":
    case "set":
      if (value.places !== undefined) {
        return `places:[${value.places.map(keyOfAll).join(";")}]${spellLack(value.lacks)}`;
      }
      return `${value.kind}:[${keyOfAll(value.items)}]${spellLack(value.lacks)}`;
    case "object": {
      const members = [...value.members].map(([name, held]) => `${JSON.stringify(name)}=${keyOfAll(held)}`);
      return `o:{${members.sort().join(",")}|${keyOfAll(value.others)}|${keyOfAll(value.keys)}}${spellLack(value.lacks)}`;
    }
    case "opaque":
      return [
        `?${value.is ?? ""}${value.ofLoop === true ? "@" : ""}${value.ofCount === true ? "#" : ""}`,
        value.from === undefined ? "" : `<${value.from.path}`,
        spellLack(value.lacks),
      ].join("");
  }
}

function spellLack(lacks: Lack | undefined): string {
  return lacks === undefined ? "" : `-${lacks.file}:${lacks.line}`;
}

export function keyOfAll(values: Values): string {
  return values.map(keyOf).sort().join(",");
}

/** All alternatives, each once. */
export function union(...many: readonly Values[]): Values {
  const seen = new Map<string, Value>();
  for (const values of many) for (const value of values) seen.set(keyOf(value), value);
  return [...seen.values()];
}

/** What is made of these values, as a value in which no place hides. */
export function madeOf(...many: readonly Values[]): Values {
  const from = originOf(many.flat());
  return from === undefined ? OPAQUE : [{ kind: "opaque", from }];
}

/** The same, of what is a text. */
export function textOf(...many: readonly Values[]): Values {
  const from = originOf(many.flat());
  return [{ kind: "opaque", is: "text", ...(from === undefined ? {} : { from }) }];
}

/** The place of the document that is in one of the values, or that it was made from; one with a closed list before others. */
export function originOf(values: Values): Origin | undefined {
  let first: Origin | undefined;
  for (const origin of origins(values, new Set())) {
    if (origin.isClosed) return origin;
    first ??= origin;
  }
  return first;
}

function* origins(values: Values, seen: Set<Value>): Generator<Origin> {
  for (const value of values) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (value.kind === "document") yield placeOf(value);
    else if (value.kind === "opaque" && value.from !== undefined) yield value.from;
    else if (value.kind === "list" || value.kind === "set") yield* origins(value.items, seen);
    else if (value.kind === "object") {
      for (const held of [...value.members.values(), value.others, value.keys]) yield* origins(held, seen);
    }
  }
}

/** Where a value of the document lies. */
function placeOf({ path, node }: Extract<Value, { kind: "document" }>): Origin {
  return { path: ["input", ...path].join("."), isClosed: node.type === "value" && node.isClosed };
}

export function constant(value: Constant): Values {
  return [{ kind: "constant", value }];
}

export function setOf(items: Values): Values[number] {
  return { kind: "set", items };
}

export function objectOf(entries: readonly (readonly [keys: Values, values: Values])[]): Values[number] {
  const members = new Map<string, Values>();
  let others: Values = [];
  let keys: Values = [];
  for (const [names, values] of entries) {
    for (const key of names) {
      if (key.kind === "constant" && typeof key.value === "string") {
        members.set(key.value, union(members.get(key.value) ?? [], values));
      } else {
        others = union(others, values);
        keys = union(keys, [key]);
      }
    }
  }
  return { kind: "object", members, others, keys };
}
