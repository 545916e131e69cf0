import { expect, test } from "vitest";
import { diffFiles } from "./files.ts";

const text = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => `line ${from + at}\n`).join("");
const file = (content: string) => new Map([["a.rego", content]]);

test("texts with nothing in common, or too long a difference, are not shown", () => {
  expect(diffFiles(file(text(0, 20_000)), file(text(50_000, 20_000)))).toEqual([
    { file: "a.rego", change: "changed" },
  ]);
  expect(diffFiles(file(text(0, 300)), file(text(1_000, 300)))).toEqual([
    { file: "a.rego", change: "changed" },
  ]);
});

test("a changed file has its hunks; one that came or went its name", () => {
  expect(diffFiles(file("a\nb\nc\n"), file("a\nB\nc\n"))).toEqual([
    { file: "a.rego", change: "changed", lines: ["@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"] },
  ]);
  expect(diffFiles(file("a"), new Map())).toEqual([{ file: "a.rego", change: "removed" }]);
  expect(diffFiles(new Map(), file("a"))).toEqual([{ file: "a.rego", change: "added" }]);
  expect(diffFiles(file("a"), file("a"))).toEqual([]);
});
