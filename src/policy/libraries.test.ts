import { expect, test } from "vitest";
import { namedLibraries } from "./libraries.ts";

const RULE = "rules/transfer/a/rule.rego";

function withLibraries(rule: string): Map<string, string> {
  return new Map([
    [RULE, rule],
    ["lib/amount.rego", "package lib.amount\n\nint(text) := to_number(text)\n"],
    ["lib/daily.rego", "package lib.daily\n\nimport data.lib.amount\n\nspent := amount.int(input.spent)\n"],
    ["lib/other.rego", "package lib.other\n\nkind := input.kind\n"],
  ]);
}

test("a rule that does more with `lib` than name a library, or hides it, is read with all of them", () => {
  const hidden = [
    "import data.lib\n\nx := lib.daily.spent",
    "import data.lib as l\n\nx := l.daily.spent",
    'x := data.lib["daily"].spent',
    'x := data["lib"].daily.spent',
    "x := data.lib[name].spent",
    "x := data. lib .daily.spent",
    'x := data["l\\u0069b"].daily.spent',
  ];
  for (const text of hidden) {
    expect(namedLibraries(RULE, withLibraries(text)), text).toHaveLength(3);
  }
});

test("a rule is read with the libraries that it names and that those name", () => {
  const libraries = (text: string) => namedLibraries(RULE, withLibraries(text));
  expect(libraries("import data.lib.daily")).toEqual(["lib/amount.rego", "lib/daily.rego"]);
  expect(libraries("import data.lib.other as o\n\nx := data.lib.other.kind")).toEqual(["lib/other.rego"]);
  expect(libraries("library := 1")).toEqual([]);
});
