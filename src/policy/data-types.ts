/**
 * Whether a release's data is what its rules were built to read (design 3.5, layer 4).
 *
 * A table that is missing, `null`, empty or of another type makes a deny-list see nothing and pass everything.
 * So each path below `data` that a rule reads is recorded with its JSON type at build, and with how the rule
 * looks into it; data must match that record wherever it goes live.
 */
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from "../input/strict-json.ts";
import { messageOf } from "../thrown.ts";
import { DataPlaces, holdsNull, jsonType } from "./data-places.ts";
import { type HostData, hostDataSchema, MAX_DATA_BYTES, ReleaseError } from "./release.ts";
import type { DataUse, IndexedRule, JsonType, RuleIndex } from "./rule-index.ts";

type DataRead = IndexedRule["data"][number];

/** What a value must be for that to find anything. Where it is something else, a deny-list denies nothing. */
const USES: Readonly<Record<DataUse, { readonly types: readonly JsonType[]; readonly words: string }>> = {
  key: { types: ["object"], words: "looks a key up in it: write an object with those keys" },
  index: { types: ["array"], words: "takes an element by its number: write an array" },
  loop: { types: ["object", "array"], words: "looks for what lies in it: write an object or an array" },
  text: { types: ["string"], words: "compares it with a text: write texts, or look the key up" },
  number: {
    types: ["number"],
    words: "compares it with a number: write numbers, or give both to amount.int",
  },
  boolean: { types: ["boolean"], words: "compares it with true or false: write one of them" },
  a_string: { types: ["string"], words: "hands it to a built-in that takes a text: write a text" },
  a_needle: { types: ["string"], words: "looks for it in another text: write a text that is not empty" },
  a_number: { types: ["number"], words: "hands it to a built-in that takes a number: write a number" },
  an_array: { types: ["array"], words: "hands it to a built-in that takes an array: write an array" },
  an_object: { types: ["object"], words: "hands it to a built-in that takes an object: write an object" },
};

/** Roots that belong to code: data there would stand in for rules. */
const CODE_ROOTS = ["rules", "lib", "countersign", "tests"];

const EACH = "*";

/**
 * Parses `data.json`.
 *
 * @throws {ReleaseError} step `data`: too large, not strict JSON, no object.
 */
export function parseData(text: string): JsonObject {
  if (Buffer.byteLength(text) > MAX_DATA_BYTES) {
    throw new ReleaseError("data", `data.json is larger than ${MAX_DATA_BYTES} bytes`);
  }
  let value: JsonValue;
  try {
    value = parseStrictJson(text);
  } catch (error) {
    throw new ReleaseError("data", `data.json: ${messageOf(error)}`, error);
  }
  if (!isJsonObject(value)) throw new ReleaseError("data", "data.json is no object");
  return value;
}

/** @throws {ReleaseError} step `data`, naming the member at fault. */
export function parseHostData(data: JsonObject): HostData {
  const parsed = hostDataSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `data.${path.join(".")}: ${message}`);
  throw new ReleaseError("data", problems.join("\n"));
}

/**
 * Everything in the data that the index does not allow, in words that name the path.
 *
 * @param json - the text that the data are of, in UTF-8, where it is at hand: what has no `null` in it needs no walk.
 */
export function dataProblems(index: Pick<RuleIndex, "rules">, data: JsonObject, json?: Uint8Array): string[] {
  const problems = CODE_ROOTS.filter((root) => data[root] !== undefined).map(
    (root) => `data.${root}: the name is taken by code, data must not stand there`,
  );
  const mayHoldNull =
    json === undefined || Buffer.from(json.buffer, json.byteOffset, json.length).includes("null");
  if (mayHoldNull && holdsNull(data)) problems.push(...nulls(data, "data"));
  const places = new DataPlaces(data);
  for (const rule of index.rules) {
    const found = [
      ...rule.data.flatMap((read) => readProblems(read, places)),
      ...useProblems(rule.data_uses, data, places),
    ];
    problems.push(...found.map((problem) => `${problem} (read by ${rule.name})`));
  }
  problems.push(
    ...spellingProblems(
      index.rules.flatMap((rule) => rule.data_uses),
      data,
      places,
    ),
  );
  problems.push(...modeProblems(index, data));
  return problems;
}

function nulls(value: JsonValue, path: string): string[] {
  if (value === null) return [`${path} is null: leave it out, or write what is meant`];
  if (Array.isArray(value)) return value.flatMap((each, at) => nulls(each, `${path}[${at}]`));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => nulls(each, `${path}.${key}`));
}

function readProblems(read: DataRead, places: DataPlaces): string[] {
  const { types, lacks } = places.standing(read.path);
  const isAsRecorded = !lacks && [...types].every((type) => type === read.type);
  if (isAsRecorded && (read.allow_empty || !places.holdsEmpty(read.path))) return [];
  const problems: string[] = [];
  for (const { path, value } of places.at(read.path)) {
    if (value === undefined) problems.push(`data.${path} is not there`);
    else if (jsonType(value) !== read.type) {
      problems.push(`data.${path} is ${article(jsonType(value))}, not ${article(read.type)}`);
    } else if (!read.allow_empty && places.isEmpty(value)) {
      problems.push(`data.${path} is empty: list it under \`allow_empty\` if the rule may see it so`);
    }
  }
  return problems;
}

function article(type: string): string {
  if (type === "null") return "null";
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function modeProblems({ rules }: Pick<RuleIndex, "rules">, data: JsonObject): string[] {
  const { modes } = data;
  if (!isJsonObject(modes)) return [];
  return Object.entries(modes).flatMap(([name, mode]) => {
    const rule = rules.find((each) => each.name === name);
    if (rule === undefined) return [`data.modes: there is no rule ${name}`];
    if (rule.mandatory && mode !== "enforce") return [`data.modes: ${name} is mandatory`];
    return [];
  });
}

/**
 * Data in which a rule would never find anything, whatever the document says: `data.blocked[d.address]` in a
 * list of addresses, a loop over a text.
 *
 * @param recorded - as followed, paths with `*`. A place that is not there is no problem here.
 * @param places - of the data, where they were looked at before.
 */
export function useProblems(
  recorded: IndexedRule["data_uses"],
  data: JsonObject,
  places = new DataPlaces(data),
): string[] {
  const problems: string[] = [];
  for (const { path: steps, uses } of recorded) {
    const standing = [...places.standing(steps).types].filter((type) => type !== "null");
    for (const use of uses) {
      const { types, words } = USES[use];
      if (standing.every((type) => types.some((fitting) => fitting === type))) continue;
      const wrong = places
        .at(steps)
        .find(({ value }) => value != null && !types.some((type) => type === jsonType(value)));
      if (wrong?.value === undefined) continue;
      problems.push(`data.${wrong.path} is ${article(jsonType(wrong.value))}, but the rule ${words}`);
    }
  }
  return problems;
}

/**
 * Spellings that find nothing, or everything: an address as an explorer shows it, in capitals and small letters, where the
 * document has it in small ones; an empty text, which is in every other, and as a key says nothing anyhow.
 *
 * @param recorded - of one rule, or of all: each place is looked at once.
 * @param places - of the data, where they were looked at before.
 */
export function spellingProblems(
  recorded: IndexedRule["data_uses"],
  data: JsonObject,
  places = new DataPlaces(data),
): string[] {
  const uses = new Map<string, Set<DataUse>>();
  for (const { path, uses: each } of recorded) uses.set(path, new Set([...(uses.get(path) ?? []), ...each]));
  const problems: string[] = [];
  for (const [steps, each] of uses) {
    const [isNeedle, isText, hasKeys] = [
      each.has("a_needle"),
      each.has("text"),
      OF_KEYS.some((use) => each.has(use)),
    ];
    const isWrong = (value: JsonValue | undefined): boolean =>
      (isNeedle && value === "") ||
      (isText && isMixedAddress(value)) ||
      (hasKeys && isJsonObject(value) && places.keysOf(value).some(isWrongKey));
    if (!places.values(steps).some(isWrong)) continue;
    for (const place of places.at(steps)) {
      const { value } = place;
      if (isNeedle && value === "") {
        problems.push(`data.${place.path} is empty, and an empty text is in every other: remove it`);
      }
      if (isText && isMixedAddress(value)) problems.push(neverFound(place.path, value));
      if (!hasKeys || !isJsonObject(value)) continue;
      for (const key of places.keysOf(value)) {
        if (key === "") problems.push(`data.${place.path} has an empty key: remove it`);
        else if (isMixedAddress(key)) problems.push(neverFound(place.path, key));
      }
    }
  }
  return problems;
}

/** How a rule may come to the keys of a table. */
const OF_KEYS: readonly DataUse[] = ["key", "loop", "an_object"];

function isWrongKey(key: string): boolean {
  return key === "" || isMixedAddress(key);
}

const ADDRESS_LENGTH = 42;
const MIXED_ADDRESS = /^0x(?=.*[A-F])[0-9a-fA-F]{40}$/;

/** The engine tells many times sooner than an expression that a text has no capitals. */
function isMixedAddress(value: JsonValue | undefined): value is string {
  if (typeof value !== "string" || value.length !== ADDRESS_LENGTH) return false;
  return value !== value.toLowerCase() && MIXED_ADDRESS.test(value);
}

function neverFound(path: string, text: string): string {
  return `data.${path}: ${text} is never found: documents have addresses of EVM chains in small letters`;
}

/**
 * What a rule's data reads are at build time.
 *
 * @param paths - as followed, with `*`; every step on their way is recorded, too.
 * @param allowEmpty - paths that the rule's metadata lists.
 * @returns the record, and what stops it from being made: a path that is not there, or whose values differ in
 *   type. Where an empty table leaves the type of what lies in it open, nothing is recorded for that.
 */
export function recordTypes(
  paths: readonly string[],
  allowEmpty: readonly string[],
  data: JsonObject,
): { reads: DataRead[]; problems: string[] } {
  const ends = new Set(paths);
  const all = new Set(
    paths.flatMap((path) => {
      const steps = path.split(".");
      return steps.map((_, at) => steps.slice(0, at + 1).join("."));
    }),
  );
  const reads: DataRead[] = [];
  const problems: string[] = [];
  const places = new DataPlaces(data);
  for (const path of [...all].sort()) {
    const isTable = [...all].some((other) => other.startsWith(`${path}.`));
    const found = places.at(path);
    const missing = found.find(({ value }) => value === undefined);
    if (missing !== undefined) {
      problems.push(`data.${missing.path} is not in the data, but the rule reads data.${path}`);
      continue;
    }
    const types = new Set(found.map(({ value }) => jsonType(value ?? null)));
    const [type] = types;
    if (types.size > 1) problems.push(`data.${path} holds values of several types: ${[...types].join(", ")}`);
    if (type === undefined || type === "null" || types.size > 1) continue;
    const mayBeEmpty = allowEmpty.includes(path) || (!isTable && ends.has(path) && path.endsWith(`.${EACH}`));
    reads.push({ path, type, allow_empty: mayBeEmpty });
  }
  for (const path of allowEmpty) {
    if (!all.has(path)) problems.push(`\`allow_empty\` lists ${path}, which the rule does not read`);
  }
  return { reads, problems };
}
