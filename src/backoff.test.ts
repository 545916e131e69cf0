import { expect, it } from "vitest";
import { Backoff } from "./backoff.ts";

it("waits twice as long each time, never longer than from one look to the next", () => {
  const backoff = new Backoff();
  expect([backoff.isPlanned, backoff.ms, backoff.within(5_000)]).toEqual([false, 0, 5_000]);
  const waits = [1, 2, 3, 4].map(() => {
    backoff.failed();
    return [backoff.ms, backoff.within(5_000)];
  });
  expect(waits).toEqual([
    [1_000, 1_000],
    [2_000, 2_000],
    [4_000, 4_000],
    [8_000, 5_000],
  ]);
});

it("begins anew once it has ended, and stays a number however often it fails", () => {
  const backoff = new Backoff();
  for (let times = 0; times < 2_000; times += 1) backoff.failed();
  expect(backoff.within(30_000)).toBe(30_000);
  backoff.end();
  expect(backoff.isPlanned).toBe(false);
  backoff.failed();
  expect(backoff.within(30_000)).toBe(1_000);
});
