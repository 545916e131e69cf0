import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import { parseStrictJson } from "./strict-json.ts";

describe("refuses", () => {
  it.each([
    ["a function", () => 1],
    ["a bigint", 1n],
    ["no number", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["nothing", undefined],
  ])("%s", (_what, value) => {
    expect(() => canonicalJson({ value: [value] })).toThrow(TypeError);
  });
});

it("sorts members by UTF-16 code units, as the RFC's own sample has it", () => {
  const sample = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  expect(canonicalJson(sample)).toBe(
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  );
});

it("spells numbers and strings as ECMAScript does", () => {
  expect(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0, '\u000f\n"\\/'])).toBe(
    '[333333333.3333333,1e+30,4.5,0.002,1e-27,0,"\\u000f\\n\\"\\\\/"]',
  );
});

it("leaves out what is undefined, and keeps a number that was kept as it was spelled", () => {
  expect(canonicalJson({ b: undefined, a: null })).toBe('{"a":null}');
  expect(canonicalJson(parseStrictJson('{"b":1e3,"a":9007199254740993}'))).toBe(
    '{"a":9007199254740993,"b":1e3}',
  );
});

it("gives one text, whatever the order of members, which reads as the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(shuffled(JSON.parse(JSON.stringify(value))))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).reverse();
  const turned: Record<string, unknown> = Object.create(null);
  for (const [key, member] of members) turned[key] = shuffled(member);
  return turned;
}
