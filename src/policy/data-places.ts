/**
 * What stands at a path in a release's data, found once for all rules that read it: a table has a hundred thousand
 * entries, and a dozen rules look into it.
 */
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from "../input/strict-json.ts";
import type { JsonType } from "./rule-index.ts";

const EACH = "*";

/** A value with its own path. @property value - undefined: it is not there. */
export interface Place {
  readonly value: JsonValue | undefined;
  readonly path: string;
}

/** @property types - of all values at a path. @property lacks - one of them is not there. */
export interface Standing {
  readonly types: ReadonlySet<JsonType | "null">;
  readonly lacks: boolean;
}

/** To list a table of a hundred thousand keys takes V8 some ten milliseconds, however often it did. */
const MANY_KEYS = 64;

export class DataPlaces {
  readonly #values: Map<string, readonly (JsonValue | undefined)[]>;
  readonly #places: Map<string, readonly Place[]>;
  readonly #standings = new Map<string, Standing>();
  readonly #empty = new Map<string, boolean>();
  /** Of the large tables. */
  readonly #keys = new Map<JsonObject, readonly string[]>();

  constructor(data: JsonObject) {
    this.#values = new Map([["", [data]]]);
    this.#places = new Map([["", [{ value: data, path: "" }]]]);
  }

  keysOf(table: JsonObject): readonly string[] {
    const known = this.#keys.get(table);
    if (known !== undefined) return known;
    const keys = Object.keys(table);
    if (keys.length >= MANY_KEYS) this.#keys.set(table, keys);
    return keys;
  }

  /**
   * The values at a path with `*`. Where a named member is not there it is undefined. A value that can't be stepped into
   * gives nothing: its own type is recorded, and checked, one step earlier.
   */
  values(path: string): readonly (JsonValue | undefined)[] {
    const known = this.#values.get(path);
    if (known !== undefined) return known;
    const { above, step } = lastStep(path);
    const values: (JsonValue | undefined)[] = [];
    for (const value of this.values(above)) {
      if (step === EACH && Array.isArray(value)) for (const each of value) values.push(each);
      else if (isJsonObject(value)) {
        if (step === EACH) for (const key of this.keysOf(value)) values.push(value[key]);
        else values.push(value[step]);
      }
    }
    this.#values.set(path, values);
    return values;
  }

  /** The same, in the same order, each with its own path: for what is wrong, since a path for each takes its time. */
  at(path: string): readonly Place[] {
    const known = this.#places.get(path);
    if (known !== undefined) return known;
    const { above, step } = lastStep(path);
    const places: Place[] = [];
    for (const { value, path } of this.at(above)) {
      const before = path === "" ? "" : `${path}.`;
      if (step === EACH && Array.isArray(value)) {
        for (const [at, each] of value.entries()) places.push({ value: each, path: `${before}${at}` });
      } else if (isJsonObject(value)) {
        if (step === EACH) {
          for (const key of this.keysOf(value)) places.push({ value: value[key], path: `${before}${key}` });
        } else places.push({ value: value[step], path: `${before}${step}` });
      }
    }
    this.#places.set(path, places);
    return places;
  }

  standing(path: string): Standing {
    const known = this.#standings.get(path);
    if (known !== undefined) return known;
    const types = new Set<JsonType | "null">();
    let lacks = false;
    let last: JsonType | "null" | undefined;
    for (const value of this.values(path)) {
      const type = value === undefined ? undefined : jsonType(value);
      if (type === undefined) lacks = true;
      else if (type !== last) types.add(type);
      last = type;
    }
    const standing = { types, lacks };
    this.#standings.set(path, standing);
    return standing;
  }

  /** Whether a table, an array or a text at a path is empty. */
  holdsEmpty(path: string): boolean {
    const known = this.#empty.get(path);
    if (known !== undefined) return known;
    const holds = this.values(path).some((value) => value !== undefined && this.isEmpty(value));
    this.#empty.set(path, holds);
    return holds;
  }

  isEmpty(value: JsonValue): boolean {
    if (Array.isArray(value) || typeof value === "string") return value.length === 0;
    return isJsonObject(value) && this.keysOf(value).length === 0;
  }
}

function lastStep(path: string): { readonly above: string; readonly step: string } {
  const end = path.lastIndexOf(".");
  return { above: end < 0 ? "" : path.slice(0, end), step: path.slice(end + 1) };
}

export function jsonType(value: JsonValue): JsonType | "null" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof JsonNumber) return "number";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : "object";
}

/** Whether a null stands anywhere in it. */
export function holdsNull(value: JsonValue): boolean {
  if (value === null) return true;
  if (Array.isArray(value)) return value.some(holdsNull);
  if (!isJsonObject(value)) return false;
  for (const key in value) if (holdsNull(value[key] ?? null)) return true;
  return false;
}
