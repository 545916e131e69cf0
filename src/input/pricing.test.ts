import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Amount, Document } from "./document.ts";
import { documentSchema } from "./document.ts";
import { parsePrice, priceDocument, type Quote } from "./pricing.ts";

const base: Document = {
  version: 1,
  kind: "transaction_signing",
  group: "transfer",
  channel: "tss.v2",
  request: { id: "r", source: "node-1", received_at: 1 },
  now: { ms: 1, date: "1970-01-01", time: "00:00:00", weekday: "thu", hour: 0, minute: 0, zone: "UTC" },
};
const eth = (units: string): Amount => ({ token: "ETH", units, decimals: 18 });
const quoteOf =
  (prices: Record<string, string>): Quote =>
  (token) =>
    Object.hasOwn(prices, token) ? parsePrice(prices[token] ?? "") : undefined;

/** The worth of one amount, as the document then states it. */
function worth(amount: Amount, price: string): string | undefined {
  const document: Document = { ...base, transaction: { fee: amount } };
  return priceDocument(document, quoteOf({ [amount.token]: price })).transaction?.fee?.usd_micros;
}

describe("absent", () => {
  test.each(["", "-1", "+1", "1e3", ".5", "1.", "01", "1,5", " 1", "NaN", "0x1", "1\n", "9".repeat(81)])(
    "a price spelled %j",
    (text) => expect(parsePrice(text)).toBeUndefined(),
  );

  test("where units, decimals or the price are unknown", () => {
    expect(worth({ token: "ETH" }, "1")).toBeUndefined();
    expect(worth({ token: "ETH", text: "1" }, "1")).toBeUndefined();
    expect(worth({ token: "ETH", units: "1" }, "1")).toBeUndefined();
    expect(worth(eth("1"), "no price")).toBeUndefined();
  });

  test("the sum, where one total has no worth, and where there is no total", () => {
    const totals = { ETH: eth("1"), X: { token: "X", units: "5", decimals: 2 } };
    const priced = priceDocument({ ...base, transaction: { totals } }, quoteOf({ ETH: "2" }));
    expect(priced.transaction?.totals?.["ETH"]?.usd_micros).toBe("1");
    expect(priced.transaction?.total_usd_micros).toBeUndefined();
    const none = priceDocument({ ...base, transaction: { fee: eth("1") } }, quoteOf({ ETH: "2" }));
    expect(none.transaction).not.toHaveProperty("total_usd_micros");
  });

  test("what was stated before, where no price is known any more", () => {
    const stale = { ...eth("1"), usd_micros: "9" };
    const document: Document = { ...base, transaction: { totals: { ETH: stale }, total_usd_micros: "9" } };
    expect(priceDocument(document, () => undefined)).toEqual({
      ...base,
      transaction: { totals: { ETH: eth("1") } },
    });
  });
});

describe("exact", () => {
  test("whole, and rounded up to the next micro-dollar", () => {
    expect(worth(eth("1000000000000000000"), "3120.55")).toBe("3120550000");
    expect(worth(eth("1"), "3120.55")).toBe("1");
    expect(worth(eth("0"), "3120.55")).toBe("0");
    expect(worth({ token: "USDT", units: "1000001", decimals: 6 }, "1")).toBe("1000001");
    expect(worth({ token: "USDT", units: "3", decimals: 6 }, "0.3333333")).toBe("1");
    expect(worth({ token: "USDT", units: "3", decimals: 6 }, "0.33333334")).toBe("2");
    expect(worth({ token: "J", units: "9".repeat(78), decimals: 0 }, "1")).toBe(`${"9".repeat(78)}000000`);
  });

  test("every amount of the document", () => {
    const document: Document = {
      ...base,
      transaction: {
        sources: [{ address: "a", amount: eth("3") }, { address: "b" }],
        destinations: [{ address: "c", amount: eth("1000000000000000000") }, { address: "d" }],
        totals: { ETH: eth("2000000000000000000"), X: { token: "X", units: "5", decimals: 0 } },
        fee: { ...eth("1"), type: "EVM_Legacy" },
      },
      evidence: { status: "verified", key: "verified", effects: [{ type: "transfer", amount: eth("1") }] },
      deposit: { fee: eth("1") },
    };
    const before = structuredClone(document);
    const priced = priceDocument(document, quoteOf({ ETH: "2", X: "0.5" }));
    expect(document).toEqual(before);
    expect(documentSchema.safeParse(priced).success).toBe(true);
    expect(priced).toMatchObject({
      transaction: {
        sources: [{ amount: { usd_micros: "1" } }, { address: "b" }],
        destinations: [{ amount: { usd_micros: "2000000" } }, { address: "d" }],
        totals: { ETH: { usd_micros: "4000000" }, X: { usd_micros: "2500000" } },
        total_usd_micros: "6500000",
        fee: { usd_micros: "1", type: "EVM_Legacy" },
      },
      evidence: { effects: [{ amount: { usd_micros: "1" } }] },
      deposit: { fee: { usd_micros: "1" } },
    });
  });

  test("never below the worth, and less than a micro-dollar above it", () => {
    const spelled = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.stringMatching(/^[0-9]{0,12}$/))
      .map(([whole, fraction]) => (fraction === "" ? `${whole}` : `${whole}.${fraction}`));
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 77n }),
        fc.integer({ min: 0, max: 255 }),
        spelled,
        (units, decimals, text) => {
          const [whole = "", fraction = ""] = text.split(".");
          // Both sides in the smallest part that any of them has.
          const exact = units * BigInt(whole + fraction) * 1_000_000n;
          const part = 10n ** BigInt(decimals + fraction.length);
          const found = BigInt(worth({ token: "T", units: `${units}`, decimals }, text) ?? -1);
          expect(found * part >= exact).toBe(true);
          expect((found - 1n) * part < exact).toBe(true);
        },
      ),
    );
  });
});

test("members keep their places in the text, and the total stands last", () => {
  const amount = eth("1000000000000000000");
  const effects = [{ type: "transfer", to: "0xa", amount, depth: 0 } as const];
  const document: Document = {
    ...base,
    transaction: { total_usd_micros: "9", fee: amount, totals: { ETH: amount }, chain: "ETH" },
    evidence: { effects, status: "verified", key: "verified" },
    deposit: { fee: amount, status: "success" },
  };
  const priced = { ...amount, usd_micros: "2000000" };
  expect(JSON.stringify(priceDocument(document, quoteOf({ ETH: "2" })))).toBe(
    JSON.stringify({
      ...base,
      transaction: { fee: priced, totals: { ETH: priced }, chain: "ETH", total_usd_micros: "2000000" },
      evidence: { effects: [{ ...effects[0], amount: priced }], status: "verified", key: "verified" },
      deposit: { fee: priced, status: "success" },
    }),
  );
  expect(document.transaction?.total_usd_micros).toBe("9");
});
