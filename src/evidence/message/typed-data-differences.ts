/** Where the two forms of typed data in one request disagree. */
import type { Difference } from "../../input/document.ts";
import { isJsonObject, JsonNumber, type JsonValue, stringifyJson } from "../../input/strict-json.ts";

/** So many say enough; each is a refusal. */
const MAX_DIFFERENCES = 16;
const MAX_SHOWN = 200;

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function membersOf(value: JsonValue | undefined): ReadonlyMap<string, JsonValue> | undefined {
  if (Array.isArray(value)) return new Map(value.map((item, index) => [String(index), item]));
  return isJsonObject(value) ? new Map(Object.entries(value)) : undefined;
}

function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left instanceof JsonNumber && right instanceof JsonNumber) return left.text === right.text;
  return left === right;
}

/**
 * Every place where two JSON values differ, in order; members may stand in any order, and a number equals what is
 * spelled as it is: `1` is neither `"1"` nor `1.0`. Values are shown as JSON.
 *
 * @param declared - what the document shows; `decoded`: what is hashed.
 * @returns at most 16 differences.
 */
export function differencesBetween(declared: JsonValue, decoded: JsonValue): readonly Difference[] {
  const differences: Difference[] = [];
  compare(declared, decoded, "transaction.message", differences);
  return differences;
}

function compare(
  declared: JsonValue | undefined,
  decoded: JsonValue | undefined,
  field: string,
  differences: Difference[],
): void {
  if (differences.length === MAX_DIFFERENCES) return;
  const [left, right] = [membersOf(declared), membersOf(decoded)];
  if (left !== undefined && right !== undefined && Array.isArray(declared) === Array.isArray(decoded)) {
    for (const name of new Set([...left.keys(), ...right.keys()])) {
      compare(left.get(name), right.get(name), `${field}.${shorten(name)}`, differences);
    }
  } else if (!isSame(declared, decoded)) {
    differences.push({
      field,
      ...(declared === undefined ? {} : { declared: shorten(stringifyJson(declared)) }),
      ...(decoded === undefined ? {} : { decoded: shorten(stringifyJson(decoded)) }),
    });
  }
}
