import { expect, test } from "vitest";
import { extended } from "./extended.ts";

test("members stand after the object's own, in their place where they were there, and the object stays", () => {
  const object = { a: 1, b: 2 };
  expect(JSON.stringify(extended(object, { c: 3, a: 4 }))).toBe('{"a":4,"b":2,"c":3}');
  expect(object).toEqual({ a: 1, b: 2 });
});
