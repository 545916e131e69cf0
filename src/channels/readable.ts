/**
 * What every reader of a request can read: this server, the node, Cobo, and whatever looks at it later.
 *
 * JSON's grammar allows more than readers hold: a NUL, at which readers written in C end a string, a number that
 * a double takes for infinity, a string of half a megabyte. None of it is legitimate, wherever it stands, and a
 * member that no rule reads today may be shown to a person tomorrow. It is looked for after all other checks,
 * so that it takes no other refusal's place.
 */
import { Refusal } from "../input/refusal.ts";
import {
  isJsonObject,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  LONG_STRING,
  type ReadJson,
} from "../input/strict-json.ts";

/** As much of a member's name stands in a message. */
const MAX_NAME = 64;
const NUL = "\u0000";

/**
 * @param where - what it is, the beginning of the path.
 * @returns what can't be read, as a refusal's message; `undefined` where there is nothing.
 */
export function unreadable({ value, suspicious }: ReadJson, where: string): string | undefined {
  return suspicious ? find(value, where) : undefined;
}

/** @throws Refusal `REQUEST_SCHEMA` with the first of these. */
export function refuseUnreadable(...found: readonly (string | undefined)[]): void {
  const first = found.find((problem) => problem !== undefined);
  if (first !== undefined) throw new Refusal("REQUEST_SCHEMA", first);
}

/**
 * Nodes are written in Go, whose JSON reader takes `MSG_HASH_LIST` for `msg_hash_list` and the last of both: what
 * a node acts on must not be spelled so that it reads something else than this server.
 *
 * @param known - the members that the node reads.
 * @throws Refusal `REQUEST_SCHEMA` with the first member that has another spelling of a known name.
 */
export function refuseOtherSpellings(object: JsonObject, known: ReadonlySet<string>, where: string): void {
  for (const key of Object.keys(object)) {
    if (known.has(key)) continue;
    const folded = key.toUpperCase().toLowerCase();
    if (known.has(folded)) {
      throw new Refusal("REQUEST_SCHEMA", `${where}: ${folded} is spelled with other letters`);
    }
  }
}

function find(value: JsonValue, where: string): string | undefined {
  if (typeof value === "string") {
    if (value.length > LONG_STRING) return `${where}: a string of more than ${LONG_STRING} characters`;
    return value.includes(NUL) ? `${where}: a NUL character` : undefined;
  }
  if (value instanceof JsonNumber) {
    return Number.isFinite(Number(value.text))
      ? undefined
      : `${where}: a number beyond what readers can hold`;
  }
  if (Array.isArray(value)) return first(value.entries(), where);
  if (!isJsonObject(value)) return undefined;
  const odd = Object.keys(value).some((key) => key.includes(NUL) || key.length > LONG_STRING);
  return odd ? `${where}: a member's name can't be read` : first(Object.entries(value), where);
}

function first(members: Iterable<[string | number, JsonValue]>, where: string): string | undefined {
  for (const [key, member] of members) {
    const found = find(member, `${where}.${String(key).slice(0, MAX_NAME)}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
