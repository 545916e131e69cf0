/**
 * The words that the wire schemas are written in, and how a value is held against one.
 *
 * Cobo's payloads drop, null or empty what they don't have, so `null` counts as absent everywhere, `""` stands
 * for absent in optional text, and so does an object of nothing but these where it would need more. All else is
 * strict: a known member of a wrong type refuses, a number that isn't spelled as a plain integer is no number, an
 * unknown value of a closed enumeration refuses.
 * Unknown members are left out here; they live on in the document's `raw`.
 */
import { z } from "zod";
import { Refusal } from "../../input/refusal.ts";
import {
  isJsonObject,
  JsonNumber,
  type JsonValue,
  type ReadJson,
  readStrictJson,
} from "../../input/strict-json.ts";
import { refuseUnreadable, unreadable } from "../readable.ts";
import { memberAt, shown } from "../shown.ts";

/** Text that has to be there. */
export const required = z.string().min(1);
/** Text that may be absent, which `""` means too; the normalizer drops it. */
export const optional = z.string().optional();
export const integer = z.int().optional();
/** How many there are of something; 0 where it isn't known. */
export const count = z.int().min(0).optional();
/** Milliseconds since the epoch; 0 where it isn't known. */
export const timestamp = z.int().min(0).optional();
export const flag = z.boolean().optional();
export const texts = z.array(z.string()).optional();

/** One of a closed list of words, or absent. */
export function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum([...values, ""]).optional();
}

/** One of a closed list of integers, or absent. */
export function oneOfInts<const T extends readonly number[]>(values: T) {
  return z.literal(values).optional();
}

/** Whether a parsed value states nothing: absent, `""`, `false`, `[]`, and objects of nothing but these. */
export function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (typeof value !== "object" || value instanceof JsonNumber) return false;
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every(saysNothing);
}

/** Members whose content is not Cobo's: it is signed as it stands, so nothing in it is touched. */
const FREE_FORM: ReadonlySet<string> = new Set(["structured_data"]);

/** Stands for a number such as `2.0` or `1e400`: no schema takes a symbol, for a number or anything else. */
const ODD_NUMBER = Symbol("a number that is not spelled as a plain integer");

/**
 * Optional objects with a member that they can't be without. Payloads are written from structures whose empty
 * parts are not all left out; that member is then missing or `""`, and the object says nothing.
 */
const NOTHING_IF_EMPTY: ReadonlySet<string> = new Set([
  "wallet",
  "source",
  "delegate",
  "account_output",
  "contract_param",
  "fee",
  "result",
]);

/** Takes `null` members and objects that say nothing out and makes odd numbers unusable, in place. */
function prepare(value: JsonValue): void {
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    for (let index = 0; index < value.length; index += 1) {
      const item = value[index];
      if (typeof item !== "object" || item === null) continue;
      if (item instanceof JsonNumber) items[index] = ODD_NUMBER;
      else prepare(item);
    }
  } else if (isJsonObject(value)) {
    const members: Record<string, unknown> = value;
    for (const key in value) {
      const member = value[key];
      if (typeof member !== "object") continue;
      if (member === null) delete members[key];
      else if (member instanceof JsonNumber) members[key] = ODD_NUMBER;
      else if (!FREE_FORM.has(key)) {
        prepare(member);
        if (NOTHING_IF_EMPTY.has(key) && isJsonObject(member) && saysNothing(member)) delete members[key];
      }
    }
  }
}

function problemOf(issue: z.core.$ZodIssue, found: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${issue.expected}, found ${shown(found)}`;
    case "invalid_value":
    case "invalid_union":
      return `not one of the known values: ${shown(found)}`;
    default:
      return `out of bounds: ${shown(found)}`;
  }
}

/**
 * A value held against a schema.
 *
 * @param where - what the value is, the beginning of the path in the message.
 * @param value - a parsed JSON value; it is changed (see above) and belongs to this function from here on.
 * @throws Refusal `REQUEST_SCHEMA` with the path of the first member at fault.
 */
export function checkShape<T extends z.ZodType>(schema: T, value: JsonValue, where: string): z.infer<T> {
  prepare(value);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw new Refusal("REQUEST_SCHEMA", `${where}: not of the known shape`);
  const path = [where, ...issue.path.map(String)].join(".");
  throw new Refusal("REQUEST_SCHEMA", `${path}: ${problemOf(issue, memberAt(value, issue.path))}`);
}

/**
 * JSON that lies in a string, read as strictly as the request itself.
 *
 * @throws Refusal as {@link readStrictJson}, with the member's path in front of the message.
 */
export function readHeldJson(text: string, where: string): ReadJson {
  try {
    return readStrictJson(text);
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(error.code, `${where}: ${error.message}`);
    throw error;
  }
}

/**
 * The value of a JSON text that lies in a string.
 *
 * @throws Refusal as {@link readHeldJson}, and `REQUEST_SCHEMA` where it holds what not every reader can hold.
 */
export function parseHeldJson(text: string, where: string): JsonValue {
  const read = readHeldJson(text, where);
  refuseUnreadable(unreadable(read, where));
  return read.value;
}
