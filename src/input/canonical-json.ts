/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no white space, ECMAScript's own spelling of
 * strings and numbers. One value has one text, so that its digest identifies it.
 */
import { JsonNumber } from "./strict-json.ts";

/**
 * @param value - made of what JSON is made of; members that are `undefined` are left out. A number that was kept as
 *   it was spelled ({@link JsonNumber}) keeps its spelling: another spelling is another value.
 * @throws TypeError for anything else: functions, symbols, bigints, numbers that are not finite.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError("a number that JSON has not");
    return JSON.stringify(value);
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value !== "object") throw new TypeError(`${typeof value} is nothing that JSON has`);
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  return canonicalObject(value);
}

/** What stands for itself between quotes. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** An object has few members, in most cases: the engine's own sort makes ready for many. */
const FEW = 32;

/** By UTF-16 code units, in place. */
function sorted(keys: string[]): string[] {
  if (keys.length > FEW) return keys.sort();
  for (let at = 1; at < keys.length; at += 1) {
    const key = keys[at] ?? "";
    let to = at;
    for (let before = keys[to - 1]; before !== undefined && before > key; before = keys[to - 1]) {
      keys[to] = before;
      to -= 1;
    }
    keys[to] = key;
  }
  return keys;
}

function canonicalObject(object: object): string {
  let text = "";
  for (const key of sorted(Object.keys(object))) {
    const member: unknown = Reflect.get(object, key);
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${quoted(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}
