import { describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject, parseStrictJson } from "../input/strict-json.ts";
import {
  dataProblems,
  parseData,
  parseHostData,
  recordTypes,
  spellingProblems,
  useProblems,
} from "./data-types.ts";
import { MAX_DATA_BYTES, ReleaseError } from "./release.ts";
import type { DataUse, IndexedRule, RuleIndex } from "./rule-index.ts";

function json(value: unknown): JsonObject {
  const parsed = parseStrictJson(JSON.stringify(value));
  if (!isJsonObject(parsed)) throw new TypeError("no object");
  return parsed;
}

const GOOD = {
  allow: { ETH: { "0xaa": { label: "a" } }, BSC: { "0xbb": { label: "b" } } },
  list: ["0xaa"],
  limits: { tx: "5", count: 3 },
  tiers: [{ from: "0" }, { from: "5" }],
  flag: true,
};

function rule(
  paths: readonly string[],
  allowEmpty: readonly string[] = [],
  data: unknown = GOOD,
): IndexedRule {
  const { reads, problems } = recordTypes(paths, allowEmpty, json(data));
  expect(problems).toEqual([]);
  return {
    name: "transfer/a",
    group: "transfer",
    file: "rules/transfer/a/rule.rego",
    title: "A",
    description: "",
    severity: "high",
    kinds: ["transaction_signing"],
    mandatory: false,
    checks: [{ code: "X_X", part: "require", consequence: "deny", line: 1, reads: [] }],
    optional: [],
    data: reads,
    data_uses: [],
    has_values: false,
    messages: [],
    has_facts: false,
  };
}

function index(...rules: IndexedRule[]): RuleIndex {
  return { contract: 1, opa: "1", entrypoints_sha256: "0".repeat(64), reads_raw: false, rules };
}

const READS = ["allow.*.*", "list.*", "limits.tx", "limits.count", "tiers.*.from", "flag"];

test.each<[string, Record<string, unknown>, RegExp]>([
  ["a root of code", { rules: {} }, /data\.rules/],
  ["a root of the library", { lib: {} }, /data\.lib/],
  ["a root of the entrypoints", { countersign: {} }, /data\.countersign/],
  ["a root of the tests", { tests: {} }, /data\.tests/],
  ["null", { list: null }, /data\.list is null/],
  ["null where nothing reads", { other: [{ x: null }] }, /data\.other\[0\]\.x is null/],
  ["a table that is not there", { allow: undefined }, /data\.allow is not there/],
  ["an array for an object", { allow: [] }, /data\.allow is an array, not an object/],
  ["an empty table", { allow: {} }, /data\.allow is empty/],
  ["an empty table in a table", { allow: { ETH: {} } }, /data\.allow\.ETH is empty/],
  ["an empty list", { list: [] }, /data\.list is empty/],
  ["an empty text", { limits: { tx: "", count: 3 } }, /data\.limits\.tx is empty/],
  ["a string for a table", { allow: "0xaa" }, /data\.allow is a string/],
  ["another type in one entry", { allow: { ...GOOD.allow, BSC: ["0xbb"] } }, /data\.allow\.BSC is an array/],
  ["another type one deeper", { allow: { ETH: { "0xaa": "yes" } } }, /data\.allow\.ETH\.0xaa is a string/],
  ["a number for a string", { limits: { tx: 5, count: 3 } }, /data\.limits\.tx is a number, not a string/],
  ["a string for a number", { limits: { tx: "5", count: "3" } }, /data\.limits\.count is a string/],
  ["a limit that is not there", { limits: { tx: "5" } }, /data\.limits\.count is not there/],
  ["a member that one entry lacks", { tiers: [{ from: "0" }, {}] }, /data\.tiers\.1\.from is not there/],
  ["a string for a boolean", { flag: "true" }, /data\.flag is a string, not a boolean/],
])("refuses %s", (_, change, problem) => {
  const problems = dataProblems(index(rule(READS)), json({ ...GOOD, ...change }));
  expect(problems.join("\n")).toMatch(problem);
});

test("passes the data that it was recorded from", () => {
  expect(dataProblems(index(rule(READS)), json(GOOD))).toEqual([]);
});

describe("of large tables", () => {
  const addresses = Array.from({ length: 500 }, (_, at) => `0x${at.toString(16).padStart(40, "0")}`);
  const table = (entry: unknown) => Object.fromEntries(addresses.map((address) => [address, entry]));
  const good = { allow: { ETH: table({ label: "a" }), BSC: table({ label: "b" }) } };
  const listed: IndexedRule = {
    ...rule(["allow.*.*.label"], [], good),
    data_uses: [
      { path: "allow.*", uses: ["key", "loop"] },
      { path: "allow.*.*", uses: ["key"] },
    ],
  };
  const problems = (data: unknown, text = JSON.stringify(data)) =>
    dataProblems(index(listed), json(data), Buffer.from(text)).join("\n");
  const late = addresses[400] ?? "";
  const with1 = (key: string, entry: unknown) => ({
    allow: { ...good.allow, BSC: { ...good.allow.BSC, [key]: entry } },
  });

  test.each<[string, string, unknown, RegExp]>([
    ["a null", late, null, /data\.allow\.BSC\.0x\w+190 is null/],
    ["a null deeper", late, { label: "b", more: [null] }, /\.0x\w+190\.more\[0\] is null/],
    ["another type", late, ["b"], /data\.allow\.BSC\.0x\w+190 is an array, not an object/],
    ["an entry that lacks its member", late, { name: "b" }, /data\.allow\.BSC\.0x\w+190\.label is not there/],
    ["an empty text", late, { label: "" }, /data\.allow\.BSC\.0x\w+190\.label is empty/],
    ["an empty entry", late, {}, /data\.allow\.BSC\.0x\w+190 is empty/],
    [
      "a key that nothing finds",
      `0x${"dD".repeat(20)}`,
      { label: "b" },
      /data\.allow\.BSC: 0xdDdD\w+ is never found/,
    ],
    ["an empty key", "", { label: "b" }, /data\.allow\.BSC has an empty key/],
    [
      "such a key in an entry",
      late,
      { label: "b", [`0x${"Dd".repeat(20)}`]: "c" },
      /190: 0xDdDd\w+ is never found/,
    ],
  ])("finds %s, and nothing else", (_name, key, entry, problem) => {
    const found = problems(with1(key, entry)).split("\n");
    expect(found.join("\n")).toMatch(problem);
    expect(found.every((each) => problem.test(each) || each.includes(late))).toBe(true);
  });

  test("passes what is good, though somebody is called null", () => {
    expect(problems(good)).toBe("");
    expect(problems(with1(late, { label: "null" }))).toBe("");
  });

  test("finds a null though its text is not at hand", () => {
    expect(dataProblems(index(listed), json(with1(late, null))).join()).toMatch(/is null/);
  });
});

test("an empty table passes only where the rule lists it", () => {
  const data = { ...GOOD, allow: {} };
  expect(dataProblems(index(rule(["allow.*.*"])), json(data))).toHaveLength(1);
  expect(dataProblems(index(rule(["allow.*.*"], ["allow"])), json(data))).toEqual([]);
  expect(
    dataProblems(index(rule(["allow.*.*"], ["allow"])), json({ ...GOOD, allow: { ETH: {} } })),
  ).toHaveLength(1);
});

test("an entry that is only looked up may be empty", () => {
  const nodes = { nodes: { n1: {}, n2: {} } };
  expect(dataProblems(index(rule(["nodes.*"], [], nodes)), json(nodes))).toEqual([]);
});

test("numbers of any spelling are numbers", () => {
  const data = parseStrictJson('{"limits": {"tx": "5", "count": 1e3}}');
  if (!isJsonObject(data)) throw new TypeError("no object");
  expect(dataProblems(index(rule(["limits.count"])), data)).toEqual([]);
});

test("types can't be recorded where they are not there, or differ", () => {
  expect(recordTypes(["nowhere.*"], [], json(GOOD)).problems.join()).toMatch(
    /data\.nowhere is not in the data/,
  );
  expect(recordTypes(["mixed.*"], [], json({ mixed: { a: 1, b: "1" } })).problems.join()).toMatch(
    /several types/,
  );
  expect(recordTypes(["list.*"], ["allow"], json(GOOD)).problems.join()).toMatch(/`allow_empty` lists allow/);
});

test("data in which a rule would find nothing is a problem, in each entry", () => {
  const uses = (path: string, use: DataUse) => useProblems([{ path, uses: [use] }], json(GOOD));
  expect(uses("list", "key").join()).toMatch(/data\.list is an array/);
  expect(uses("limits.tx", "key").join()).toMatch(/data\.limits\.tx is a string/);
  expect(uses("allow", "index").join()).toMatch(/data\.allow is an object/);
  expect(uses("limits.*", "loop").join()).toMatch(/data\.limits\.tx is a string/);
  expect(uses("allow.*", "text").join()).toMatch(/data\.allow\.ETH is an object/);
  expect([uses("allow", "key"), uses("list", "index"), uses("allow.*", "loop")].flat()).toEqual([]);
  expect([uses("list.*", "text"), uses("nowhere.*", "key")].flat()).toEqual([]);
});

test("a spelling that finds nothing, or everything, is a problem wherever a rule comes to it", () => {
  const pasted = `0x${"dD".repeat(20)}`;
  const data = json({ table: { [pasted]: {} }, list: [pasted], holes: { "": true }, texts: ["pay", ""] });
  const uses = (path: string, use: DataUse) => spellingProblems([{ path, uses: [use] }], data).join();
  expect(uses("table", "key")).toMatch(/data\.table: 0xdDdD\w+ is never found/);
  expect(uses("table", "loop")).toMatch(/is never found/);
  expect(uses("table", "an_object")).toMatch(/is never found/);
  expect(uses("list.*", "text")).toMatch(/data\.list\.0: 0xdDdD\w+ is never found/);
  expect(uses("holes", "loop")).toMatch(/data\.holes has an empty key/);
  expect(uses("texts.*", "a_needle")).toMatch(/data\.texts\.1 is empty/);
  // `lower(…)` finds it all the same, and an empty text is equal to nothing that the document has.
  expect([uses("list.*", "a_string"), uses("texts.*", "text")]).toEqual(["", ""]);
});

test("other data than that of the build is held against how the rules look into it", () => {
  const empty = { blocked: {}, list: [] };
  const blocked: IndexedRule = {
    ...rule(["blocked.*.*", "list.*"], ["blocked", "list"], empty),
    data_uses: [
      { path: "blocked.*", uses: ["key"] },
      { path: "list.*", uses: ["text"] },
    ],
  };
  const problems = (data: unknown) => dataProblems(index(blocked), json(data)).join("\n");
  expect(problems(empty)).toBe("");
  expect(problems({ blocked: { ETH: { "0xdd": {} } }, list: ["0xdd"] })).toBe("");
  expect(problems({ ...empty, blocked: { ETH: ["0xdd"] } })).toBe(
    "data.blocked.ETH is an array, but the rule looks a key up in it: write an object with those keys (read by transfer/a)",
  );
  expect(problems({ ...empty, list: [{ address: "0xdd" }] })).toMatch(/data\.list\.0 is an object/);
});

test("modes name rules that are there and not mandatory", () => {
  const rules = index({ ...rule([]), mandatory: true }, { ...rule([]), name: "transfer/b" });
  const problems = (modes: unknown) => dataProblems(rules, json({ modes })).join("\n");
  expect(problems({ "transfer/c": "warn" })).toMatch(/no rule transfer\/c/);
  expect(problems({ "transfer/a": "off" })).toMatch(/mandatory/);
  expect(problems({ "transfer/a": "enforce", "transfer/b": "off" })).toBe("");
});

test("the host's own data has its shape", () => {
  expect(() => parseHostData(json({ modes: { "transfer/a": "sometimes" } }))).toThrow(ReleaseError);
  expect(() => parseHostData(json({ tokens: { ETH: { chain: "ETH", decimals: "18" } } }))).toThrow(
    /tokens\.ETH/,
  );
  expect(
    parseHostData(json({ tokens: { ETH: { chain: "ETH", decimals: 18 } } })).tokens?.["ETH"]?.decimals,
  ).toBe(18);
});

test("data is strict JSON within its limit", () => {
  expect(() => parseData('{"a": 1, "a": 2}')).toThrow(ReleaseError);
  expect(() => parseData("[]")).toThrow(/no object/);
  const filler = `{"a": "${"x".repeat(MAX_DATA_BYTES)}"}`;
  expect(() => parseData(filler)).toThrow(/larger/);
});
