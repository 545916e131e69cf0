/**
 * What stands at a path in a release's data, found once for all rules that read it: a table has a hundred thousand
 * entries, and a dozen rules look into it.
 */
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from "../input/strict-json.ts";
import type { JsonType } from "./rule-index.ts";

const EACH = "*";

/** A value with its own path, which is only spelled for what is wrong. @property value - undefined: it is not there. */
export class Place {
  readonly value: JsonValue | undefined;
  readonly #above: Place | undefined;
  readonly #key: string | number;

  constructor(value: JsonValue | undefined, above?: Place, key: string | number = "") {
    this.value = value;
    this.#above = above;
    this.#key = key;
  }

  get path(): string {
    const above = this.#above?.path ?? "";
    return above === "" ? String(this.#key) : `${above}.${this.#key}`;
  }
}

/** @property types - of all values at a path. @property lacks - one of them is not there. @property empty - one is empty. */
export interface Standing {
  readonly types: ReadonlySet<JsonType | "null">;
  readonly lacks: boolean;
  readonly empty: boolean;
}

export class DataPlaces {
  readonly #found: Map<string, readonly Place[]>;
  readonly #standings = new Map<string, Standing>();

  constructor(data: JsonObject) {
    this.#found = new Map([["", [new Place(data)]]]);
  }

  /**
   * The values at a path with `*`. Where a named member is not there its place has no value. A value that can't be
   * stepped into gives nothing: its own type is recorded, and checked, one step earlier.
   */
  at(path: string): readonly Place[] {
    const known = this.#found.get(path);
    if (known !== undefined) return known;
    const end = path.lastIndexOf(".");
    const step = path.slice(end + 1);
    const places: Place[] = [];
    for (const above of this.at(end < 0 ? "" : path.slice(0, end))) {
      const { value } = above;
      if (step === EACH && Array.isArray(value)) {
        for (const [at, each] of value.entries()) places.push(new Place(each, above, at));
      } else if (isJsonObject(value)) {
        if (step === EACH) {
          for (const key of Object.keys(value)) places.push(new Place(value[key], above, key));
        } else places.push(new Place(value[step], above, step));
      }
    }
    this.#found.set(path, places);
    return places;
  }

  standing(path: string): Standing {
    const known = this.#standings.get(path);
    if (known !== undefined) return known;
    const types = new Set<JsonType | "null">();
    let [lacks, empty] = [false, false];
    for (const { value } of this.at(path)) {
      if (value === undefined) lacks = true;
      else {
        types.add(jsonType(value));
        empty ||= isEmpty(value);
      }
    }
    const standing = { types, lacks, empty };
    this.#standings.set(path, standing);
    return standing;
  }
}

export function jsonType(value: JsonValue): JsonType | "null" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof JsonNumber) return "number";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : "object";
}

export function isEmpty(value: JsonValue): boolean {
  if (Array.isArray(value) || typeof value === "string") return value.length === 0;
  if (!isJsonObject(value)) return false;
  for (const _key in value) return false;
  return true;
}

/** Whether a null stands anywhere in it. */
export function holdsNull(value: JsonValue): boolean {
  if (value === null) return true;
  if (Array.isArray(value)) return value.some(holdsNull);
  if (!isJsonObject(value)) return false;
  for (const key in value) if (holdsNull(value[key] ?? null)) return true;
  return false;
}
