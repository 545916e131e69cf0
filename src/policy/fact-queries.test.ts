import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FactShape, shapeId } from "../input/fact-shape.ts";
import { compileFactQueries } from "./fact-queries.ts";
import { ReleaseError } from "./release.ts";

const SPENT = { kind: "sum", of: "usd_micros", by: ["wallet.id"], window: "24h" };

function compile(query: unknown) {
  return compileFactQueries({ transfer: { daily_limit: { spent: query } } });
}

function refusal(run: () => unknown): ReleaseError {
  try {
    run();
  } catch (error) {
    if (error instanceof ReleaseError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("refuses", () => {
  it.each<[string, unknown, RegExp]>([
    ["an unknown kind", { ...SPENT, kind: "average" }, /kind: Invalid option/],
    ["no kind", { by: [] }, /kind: Invalid option/],
    ["an unknown key", { ...SPENT, windows: "24h" }, /Unrecognized key: "windows"/],
    ["a sum of nothing", { kind: "sum", by: [] }, /a sum says `of`/],
    ["a sum of what has none", { ...SPENT, of: "text" }, /of: Invalid option/],
    ["a count of something", { ...SPENT, kind: "count" }, /only a sum has `of`, not a count/],
    ["a first of something", { ...SPENT, kind: "first" }, /only a sum has `of`/],
    ["a last of something", { ...SPENT, kind: "last" }, /only a sum has `of`/],
    ["units of any token", { ...SPENT, of: "units" }, /`by` needs transaction\.token/],
    [
      "units of a token named elsewhere",
      { ...SPENT, of: "units", where: { "transaction.token": "ETH" } },
      /`by` needs transaction\.token/,
    ],
    ["no `by`", { kind: "count" }, /`by` is missing/],
    ["an unknown member", { ...SPENT, by: ["wallet.name"] }, /by\.0: Invalid option/],
    ["a list without []", { ...SPENT, by: ["transaction.destinations.address"] }, /by\.0: Invalid option/],
    ["a state in `by`", { ...SPENT, by: ["state"] }, /by\.0: Invalid option/],
    ["a member twice", { ...SPENT, by: ["wallet.id", "kind", "wallet.id"] }, /`by` has wallet\.id twice/],
    [
      "two members with []",
      { kind: "count", by: ["transaction.destinations[].address", "transaction.sources[].address"] },
      /two members with \[\]/,
    ],
    [
      "one member with [] twice",
      { kind: "count", by: ["transaction.sources[].address", "transaction.sources[].address"] },
      /`by` has transaction\.sources\[\]\.address twice/,
    ],
    ["`by` as a text", { ...SPENT, by: "wallet.id" }, /by: Invalid input/],
    ["an unknown member in `where`", { ...SPENT, where: { "wallet.name": "a" } }, /where: Unrecognized key/],
    ["a number in `where`", { ...SPENT, where: { "wallet.id": 7 } }, /where\.wallet\.id: Invalid input/],
    ["an empty text in `where`", { ...SPENT, where: { "wallet.id": "" } }, /a constant says something/],
    ["a state that is none", { ...SPENT, where: { state: "released" } }, /where\.state: Invalid option/],
    [
      "a direction that is none",
      { ...SPENT, where: { direction: "both" } },
      /where\.direction: Invalid option/,
    ],
    ["a kind that is none", { ...SPENT, where: { kind: "transfer" } }, /where\.kind: Invalid option/],
    [
      "an address that no movement has",
      { ...SPENT, where: { "transaction.destinations[].address": `0x${"Ab".repeat(20)}` } },
      /lower case/,
    ],
    [
      "an outpoint without its index",
      { ...SPENT, where: { "transaction.sources[].outpoint": "ab" } },
      /hash:index/,
    ],
    ["a window that is no duration", { ...SPENT, window: "1 day" }, /"1 day" is no duration/],
    ["a word that is no calendar window", { ...SPENT, window: "week" }, /"week" is no duration/],
    ["a window of no time", { ...SPENT, window: "0h" }, /0h is out of bounds/],
    ["a window over a year", { ...SPENT, window: "367d" }, /367d is out of bounds/],
    ["a window in milliseconds over a year", { ...SPENT, window: "9000h" }, /9000h is out of bounds/],
    ["a window as a number", { ...SPENT, window: 86_400_000 }, /window: Invalid input/],
    ["flags of nothing", { kind: "flags", by: ["wallet.id"] }, /flags are of addresses/],
    ["flags of a token", { kind: "flags", by: ["transaction.totals[].token"] }, /flags are of addresses/],
    ["flags of all there is", { kind: "flags", by: [] }, /flags are of addresses or of outpoints/],
    ["flags without `by`", { kind: "flags" }, /flags are of addresses or of outpoints/],
    [
      "flags of an address within something",
      { kind: "flags", by: ["transaction.sources[].address", "wallet.id"] },
      /`by` is one member with \[\]/,
    ],
    [
      "flags of some transactions",
      { kind: "flags", by: ["transaction.sources[].address"], where: { kind: "deposit" } },
      /they have no `where`/,
    ],
    [
      "flags of what came in",
      { kind: "flags", by: ["transaction.sources[].address"], where: { direction: "in" } },
      /they have no `where`/,
    ],
    [
      "flags in a window",
      { kind: "flags", by: ["transaction.sources[].address"], window: "24h" },
      /they have no window/,
    ],
    ["a movement by something", { kind: "movement", by: ["wallet.id"] }, /has no `by`/],
    ["a movement in a window", { kind: "movement", window: "24h" }, /has no window/],
    ["a movement in", { kind: "movement", where: { direction: "in" } }, /has no `where`/],
    ["a movement of some kind", { kind: "movement", where: { state: "settled" } }, /has no `where`/],
    ["what is no query", "sum", /Invalid input/],
    ["null", null, /Invalid input/],
  ])("%s", (_, query, words) => {
    const error = refusal(() => compile(query));
    expect(error.step).toBe("facts");
    expect(error.message).toMatch(words);
    expect(error.message).toMatch(/^transfer\/daily_limit: facts\["spent"\]: /);
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a list", []],
    ["a group that there is not", { transfers: {} }],
    ["a rule's facts as a text", { transfer: { daily_limit: "spent" } }],
  ])("an answer that is %s", (_, answer) => {
    expect(refusal(() => compileFactQueries(answer)).step).toBe("facts");
  });

  it("and names every query at fault", () => {
    const { message } = refusal(() =>
      compileFactQueries({
        transfer: { b: { x: {} }, a: { y: {}, good: SPENT } },
        deposit: { c: { z: { kind: "sum" } } },
      }),
    );
    const places = message.split("\n").map((line) => line.split(": ", 2).join(": "));
    expect(places).toEqual(['transfer/a: facts["y"]', 'transfer/b: facts["x"]', 'deposit/c: facts["z"]']);
  });
});

describe("compiles", () => {
  it("nothing", () => {
    expect(compileFactQueries({})).toEqual([]);
    expect(compileFactQueries({ transfer: { daily_limit: {} } })).toEqual([]);
  });

  it("each member, with the direction filled in", () => {
    expect(compile(SPENT)).toEqual([
      {
        group: "transfer",
        rule: "daily_limit",
        name: "spent",
        kind: "sum",
        of: "usd_micros",
        shape: { by: ["wallet.id"], where: { direction: "out" } },
        window: { type: "sliding", ms: 86_400_000 },
      },
    ]);
  });

  it("members and constants in one order", () => {
    const [query] = compile({
      kind: "sum",
      of: "units",
      by: ["wallet.id", "transaction.token", "transaction.destinations[].address"],
      where: { state: "settled", "wallet.id": "w", direction: "in", kind: "deposit" },
    });
    expect(query?.shape.by).toEqual(["transaction.destinations[].address", "transaction.token", "wallet.id"]);
    expect(Object.entries(query?.shape.where ?? {})).toEqual([
      ["direction", "in"],
      ["kind", "deposit"],
      ["state", "settled"],
      ["wallet.id", "w"],
    ]);
    expect(query).not.toHaveProperty("window");
  });

  it("units of each token that is paid", () => {
    const by = ["wallet.id", "transaction.totals[].token"];
    const [query] = compile({ ...SPENT, of: "units", by });
    expect(query?.shape.by).toEqual(["transaction.totals[].token", "wallet.id"]);
  });

  it("constants for single addresses and outpoints", () => {
    const where = {
      "transaction.destinations[].address": `0x${"ab".repeat(20)}`,
      "transaction.sources[].address": "1Cu32FVupVCgHkMMRJdYJugxwo2Aprgk7H",
      "transaction.sources[].outpoint": "ab:0",
    };
    expect(compile({ kind: "count", by: [], where })[0]?.shape.where).toEqual({ ...where, direction: "out" });
  });

  it.each([
    ["1ms", { type: "sliding", ms: 1 }],
    ["30m", { type: "sliding", ms: 1_800_000 }],
    ["366d", { type: "sliding", ms: 31_622_400_000 }],
    ["day", { type: "calendar", unit: "day" }],
    ["month", { type: "calendar", unit: "month" }],
  ])("the window %s", (window, expected) => {
    expect(compile({ ...SPENT, window })[0]?.window).toEqual(expected);
  });

  it.each(["count", "first", "last"] as const)("a %s without `of`", (kind) => {
    const [query] = compile({ kind, by: [] });
    expect(query).toMatchObject({ kind, shape: { by: [] } });
    expect(query).not.toHaveProperty("of");
  });

  it.each([
    "transaction.destinations[].address",
    "transaction.sources[].address",
    "transaction.sources[].outpoint",
  ])("flags by %s", (member) => {
    expect(compile({ kind: "flags", by: [member] })[0]).toMatchObject({
      kind: "flags",
      shape: { by: [member] },
    });
  });

  it("movements", () => {
    expect(compile({ kind: "movement" })[0]).toMatchObject({ kind: "movement", shape: { by: [] } });
  });

  it("in the order of group, rule and name", () => {
    const count = { kind: "count", by: [] };
    const queries = compileFactQueries({
      deposit: { a: { x: count } },
      transfer: { b: { y: count, x: count }, a: { z: count } },
    });
    expect(queries.map(({ group, rule, name }) => `${group}/${rule}.${name}`)).toEqual([
      "transfer/a.z",
      "transfer/b.x",
      "transfer/b.y",
      "deposit/a.x",
    ]);
  });
});

describe("the id of a shape", () => {
  const by = fc.uniqueArray(
    fc.constantFrom<FactShape["by"][number]>("wallet.id", "vault.id", "kind", "transaction.token"),
  );
  const where = fc.record(
    { "wallet.id": fc.string(), state: fc.constantFrom("signed", "settled"), direction: fc.constant("out") },
    { requiredKeys: ["direction"] },
  );
  const shuffled = <T>(items: readonly T[]) =>
    fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

  it("is the same in whatever order the shape is written", () => {
    const twice = fc
      .record({ by, where })
      .chain((shape) =>
        fc.tuple(fc.constant(shape), shuffled(shape.by), shuffled(Object.entries(shape.where))),
      );
    fc.assert(
      fc.property(twice, ([shape, members, constants]) => {
        expect(
          shapeId({
            by: members,
            where: { ...Object.fromEntries(constants), direction: shape.where.direction },
          }),
        ).toBe(shapeId(shape));
      }),
    );
  });

  it("is another one for another shape", () => {
    const canonical = (shape: FactShape) => [new Set(shape.by), shape.where];
    fc.assert(
      fc.property(fc.record({ by, where }), fc.record({ by, where }), (one, other) => {
        let same = true;
        try {
          expect(canonical(one)).toEqual(canonical(other));
        } catch {
          same = false;
        }
        expect(shapeId(one) === shapeId(other)).toBe(same);
      }),
    );
  });

  it("leaves out what is absent", () => {
    const where = { direction: "out" } as const;
    expect(shapeId({ by: ["wallet.id"], where })).toBe('{"by":["wallet.id"],"where":{"direction":"out"}}');
  });
});
