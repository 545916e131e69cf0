import { expect, test } from "vitest";
import { Passing } from "./passing.ts";

test("what was deleted is gone, and what stays is found however much comes and goes", () => {
  const values = new Passing<number>();
  values.set("stays", 1);
  for (let at = 0; at < 2_000; at += 1) {
    values.set(`goes ${at}`, at);
    expect(values.get(`goes ${at}`)).toBe(at);
    values.delete(`goes ${at}`);
    expect(values.get(`goes ${at}`)).toBeUndefined();
  }
  expect(values.get("stays")).toBe(1);
  values.set("stays", 2);
  expect(values.get("stays")).toBe(2);
});
