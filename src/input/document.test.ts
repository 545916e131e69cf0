import { expect, test } from "vitest";
import { documentSchema } from "./document.ts";

test("an entry of a list is never false or null: to a rule that would be not on the list", () => {
  const { lists } = documentSchema.shape;
  for (const entry of [false, null]) {
    expect(lists.safeParse({ sanctions: { "0xdd": entry } }).success).toBe(false);
  }
  for (const entry of [true, {}, { label: "x" }, ""]) {
    expect(lists.safeParse({ sanctions: { "0xdd": entry } }).success).toBe(true);
  }
  expect(lists.safeParse({ sanctions: {} }).success).toBe(true);
});
