/** Where the two forms of typed data in one request disagree. */
import type { Difference } from "../../input/document.ts";
import {
  isJsonObject,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  stringifyJson,
} from "../../input/strict-json.ts";

/** So many say enough; each is a refusal. */
const MAX_DIFFERENCES = 16;
const MAX_SHOWN = 200;

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left instanceof JsonNumber && right instanceof JsonNumber) return left.text === right.text;
  return left === right;
}

/**
 * Every place where two JSON values differ; members may stand in any order, and a number equals what is spelled as it
 * is: `1` is neither `"1"` nor `1.0`. Values are shown as JSON.
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
  if (Array.isArray(declared) && Array.isArray(decoded)) {
    for (let index = 0; index < Math.max(declared.length, decoded.length); index += 1) {
      if (differences.length === MAX_DIFFERENCES) return;
      compare(declared[index], decoded[index], `${field}.${index}`, differences);
    }
  } else if (isJsonObject(declared) && isJsonObject(decoded)) {
    compareMembers(declared, decoded, field, differences);
  } else if (!isSame(declared, decoded)) {
    differences.push({
      field,
      ...(declared === undefined ? {} : { declared: shorten(stringifyJson(declared)) }),
      ...(decoded === undefined ? {} : { decoded: shorten(stringifyJson(decoded)) }),
    });
  }
}

function compareMembers(
  declared: JsonObject,
  decoded: JsonObject,
  field: string,
  differences: Difference[],
): void {
  for (const name of new Set([...Object.keys(decoded), ...Object.keys(declared)])) {
    compare(own(declared, name), own(decoded, name), `${field}.${shorten(name)}`, differences);
  }
}

function own(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
