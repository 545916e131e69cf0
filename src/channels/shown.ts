/** What a refusal shows of a message from outside. */
import { JsonNumber } from "../input/strict-json.ts";

const MAX_SHOWN = 40;

/** A value as a refusal may show it: short, printable, and never the inside of a container. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "boolean" || typeof value === "number") return String(value);
  if (typeof value === "symbol") return value.description ?? "a number";
  if (value instanceof JsonNumber) return value.text.slice(0, MAX_SHOWN);
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "string") return "an object";
  const printable = value.slice(0, MAX_SHOWN).replace(/[^\x20-\x7e]/g, "?");
  return value.length > MAX_SHOWN ? `"${printable}..."` : `"${printable}"`;
}

/** The member at a path; undefined where there is none. */
export function memberAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}
