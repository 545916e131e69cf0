import { expect, test } from "vitest";
import { isJsonObject, type JsonObject, parseStrictJson } from "../../input/strict-json.ts";
import { diffData } from "./data.ts";

function data(text: string): JsonObject {
  const value = parseStrictJson(text);
  if (!isJsonObject(value)) throw new TypeError("no object");
  return value;
}

const table = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`0x${at}`, { name: `number ${at}` }]));

test("a table of thousands is its counts and a few of its entries", () => {
  const { tables } = diffData(data("{}"), data(JSON.stringify({ allowlist: { ETH: table(5_000) } })));
  expect(tables).toHaveLength(1);
  expect(tables[0]).toMatchObject({ path: "data.allowlist.ETH", added: 5_000, removed: 0, changed: 0 });
  expect(tables[0]?.entries).toHaveLength(5);
  expect(
    diffData(data(JSON.stringify({ allowlist: { ETH: table(5_000) } })), data("{}")).tables,
  ).toMatchObject([{ path: "data.allowlist.ETH", removed: 5_000 }]);
});

test("so is a long list, and more tables than anybody reads are counted", () => {
  const list = { nodes: Array.from({ length: 500 }, (_, at) => `node ${at}`) };
  expect(diffData(data("{}"), data(JSON.stringify(list))).tables).toMatchObject([
    { path: "data.nodes", added: 500 },
  ]);
  const many = Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`t${at}`, { a: 1 }]));
  const other = JSON.stringify(many).replaceAll(":1}", ":2}");
  expect(diffData(data(JSON.stringify(many)), data(other))).toMatchObject({
    more: 30,
    tables: { length: 100 },
  });
});

test("a number is its spelling, a name with signs in it is quoted, a long text is cut", () => {
  const before = data('{"a": {"b.c": {"n": 1.0}}, "text": "x"}');
  const after = data(`{"a": {"b.c": {"n": 1.00}}, "text": "${"y".repeat(200)}"}`);
  expect(diffData(before, after).tables).toEqual([
    {
      path: "data",
      ...{ added: 0, removed: 0, changed: 1 },
      entries: [{ change: "changed", key: "text", before: '"x"', after: `"${"y".repeat(99)}…` }],
    },
    {
      path: 'data.a["b.c"]',
      ...{ added: 0, removed: 0, changed: 1 },
      entries: [{ change: "changed", key: "n", before: "1.0", after: "1.00" }],
    },
  ]);
});

test("a list in another order has changed, the same one has not", () => {
  const of = (list: string) => data(`{"nodes": ${list}}`);
  expect(diffData(of('["a", "b"]'), of('["a", "b"]')).tables).toEqual([]);
  expect(diffData(of('["a", "b"]'), of('["b", "a"]')).tables).toMatchObject([
    { path: "data.nodes", changed: 1, entries: [{ after: '["b","a"] in another order' }] },
  ]);
});
