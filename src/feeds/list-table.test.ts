import { expect, test } from "vitest";
import { FeedError } from "./feed-error.ts";
import { ListTable, ListTableBuilder } from "./list-table.ts";

test("two addresses of one hash are two entries, and neither is a hit for a third", () => {
  const builder = new ListTableBuilder(["number"], 0);
  const count = 300_000;
  for (let number = 0; number < count; number += 1) {
    expect(builder.add(`T${number}`, [number])).toBe("added");
  }
  const memory = builder.finish();
  const hashes = new Set<number>();
  let shared = 0;
  for (let slot = 0; slot < memory.slots.length; slot += 2) {
    const [hash = 0, stored = 0] = memory.slots.subarray(slot, slot + 2);
    if (stored === 0) continue;
    if (hashes.has(hash)) shared += 1;
    hashes.add(hash);
  }
  // By the birthday problem about ten of them; a table in which none is shared would prove nothing.
  expect(shared).toBeGreaterThan(0);
  const table = new ListTable(memory);
  let wrong = 0;
  for (let number = 0; number < count; number += 1) {
    if (table.lookup(`T${number}`)?.["number"] !== number) wrong += 1;
    if (table.lookup(`T${count + number}`) !== undefined) wrong += 1;
  }
  expect(wrong).toBe(0);
});

test("adding says what came of it, and cells that are too long are refused", () => {
  const builder = new ListTableBuilder(["one", "two"], 7);
  expect(builder.add("T1", ["a", null])).toBe("added");
  expect(builder.add("T1", ["a", null])).toBe("repeated");
  expect(builder.add("T1", ["a", "b"])).toBe("contradicting");
  expect(() => builder.add("T2", ["a", "b".repeat(65_536)])).toThrow(FeedError);
  const memory = builder.finish();
  expect(memory.entries).toBe(1);
  expect(new ListTable(memory).lookup("T1")).toEqual({ one: "a" });
  expect(new ListTable(new ListTableBuilder([], 7).finish()).lookup("T1")).toBeUndefined();
});
