/** What differs between the data of two releases, table by table. */
import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from "../../input/strict-json.ts";
import { compareText } from "../build/problem.ts";
import type { Change } from "./files.ts";

const MAX_TABLES = 100;
/** Of a table's entries, of each kind of change. */
const MAX_EXAMPLES = 5;
const MAX_VALUE_LENGTH = 100;

/**
 * One entry of a table.
 *
 * @property key - of an object; of a list it is absent.
 * @property before - the value as JSON text; a long one only says what it is.
 */
export interface EntryDiff {
  readonly change: Change;
  readonly key?: string;
  readonly before?: string;
  readonly after?: string;
}

/**
 * An object or a list some of whose own entries differ.
 *
 * @property path - `data.allowlist.ETH`.
 * @property entries - the first of each kind.
 */
export interface TableDiff {
  readonly path: string;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly entries: readonly EntryDiff[];
}

/** @property more - how many other tables differ. */
export interface DataDiff {
  readonly tables: readonly TableDiff[];
  readonly more: number;
}

export function diffData(before: JsonObject, after: JsonObject): DataDiff {
  const tables = [...tablesOf("data", before, after)];
  return { tables: tables.slice(0, MAX_TABLES), more: Math.max(0, tables.length - MAX_TABLES) };
}

function* tablesOf(path: string, before: JsonObject, after: JsonObject): Generator<TableDiff> {
  const entries: EntryDiff[] = [];
  const below: TableDiff[] = [];
  for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort(compareText)) {
    const [old, next] = [sideOf(before[key], after[key]), sideOf(after[key], before[key])];
    if (old === undefined) entries.push({ change: "added", key, after: shown(next) });
    else if (next === undefined) entries.push({ change: "removed", key, before: shown(old) });
    else if (isJsonObject(old) && isJsonObject(next)) below.push(...tablesOf(pathOf(path, key), old, next));
    else if (stringifyJson(old) !== stringifyJson(next)) {
      if (Array.isArray(old) && Array.isArray(next)) below.push(listDiff(pathOf(path, key), old, next));
      else entries.push({ change: "changed", key, before: shown(old), after: shown(next) });
    }
  }
  if (entries.length > 0) yield tableOf(path, entries);
  yield* below;
}

/** A table that is too long to be shown as one entry is one that was empty on the other side. */
function sideOf(value: JsonValue | undefined, other: JsonValue | undefined): JsonValue | undefined {
  if (value !== undefined || other === undefined || stringifyJson(other).length <= MAX_VALUE_LENGTH)
    return value;
  if (Array.isArray(other)) return [];
  return isJsonObject(other) ? {} : undefined;
}

/** By what is in it, however often; of the same in another order the list itself is what changed. */
function listDiff(path: string, before: readonly JsonValue[], after: readonly JsonValue[]): TableDiff {
  const removed = without(before, after).map(
    (value): EntryDiff => ({ change: "removed", before: shown(value) }),
  );
  const added = without(after, before).map((value): EntryDiff => ({ change: "added", after: shown(value) }));
  const entries = [...removed, ...added];
  if (entries.length > 0) return tableOf(path, entries);
  const reordered = `${shown([...after])} in another order`;
  return tableOf(path, [{ change: "changed", before: shown([...before]), after: reordered }]);
}

function without(list: readonly JsonValue[], other: readonly JsonValue[]): JsonValue[] {
  const counts = new Map<string, number>();
  for (const text of other.map(stringifyJson)) counts.set(text, (counts.get(text) ?? 0) + 1);
  return list.filter((value) => {
    const text = stringifyJson(value);
    const left = counts.get(text) ?? 0;
    counts.set(text, left - 1);
    return left <= 0;
  });
}

function tableOf(path: string, entries: readonly EntryDiff[]): TableDiff {
  const of = (change: Change) => entries.filter((entry) => entry.change === change);
  const [removed, added, changed] = [of("removed"), of("added"), of("changed")];
  return {
    path,
    added: added.length,
    removed: removed.length,
    changed: changed.length,
    entries: [removed, added, changed].flatMap((each) => each.slice(0, MAX_EXAMPLES)),
  };
}

/** Names as Rego writes them. */
function pathOf(path: string, key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function shown(value: JsonValue | undefined): string {
  const text = stringifyJson(value ?? null);
  if (text.length <= MAX_VALUE_LENGTH) return text;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isJsonObject(value)) return `an object of ${Object.keys(value).length}`;
  return `${text.slice(0, MAX_VALUE_LENGTH)}…`;
}
