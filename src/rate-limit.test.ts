import fc from "fast-check";
import { expect, test } from "vitest";
import { createRateLimit, rateKey } from "./rate-limit.ts";

test("never more than the burst and what flowed in since", () => {
  const gaps = fc.array(fc.nat(500), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 20 }), (waits, perSecond) => {
      let clock = 0;
      const limit = createRateLimit(perSecond, perSecond, () => clock);
      let taken = 0;
      for (const wait of waits) {
        clock += wait;
        if (limit.take("10.0.0.1")) taken += 1;
      }
      expect(taken).toBeLessThanOrEqual(perSecond + (clock * perSecond) / 1_000 + 1e-6);
    }),
  );
});

test("addresses have buckets of their own, which fill again", () => {
  let clock = 0;
  const limit = createRateLimit(1, 1, () => clock);
  expect([limit.take("10.0.0.1"), limit.take("10.0.0.1"), limit.take("10.0.0.2")]).toEqual([
    true,
    false,
    true,
  ]);
  clock = 1_000;
  expect([limit.has("10.0.0.1"), limit.take("10.0.0.1"), limit.has("10.0.0.1")]).toEqual([true, true, false]);
});

test("the address seen last is kept however many others come", () => {
  const limit = createRateLimit(1, 1, () => 0);
  limit.take("10.0.0.1");
  for (let i = 0; i < 40_000; i += 1) {
    limit.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}x`);
    if (i % 1_000 === 0) expect(limit.take("10.0.0.1")).toBe(false);
  }
});

test.each([
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["::1", "0:0:0:0"],
])("the key of %s is %s", (address, key) => {
  expect(rateKey(address)).toBe(key);
});
