import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { MemoryPriceStore } from "../../test/support/feeds.ts";
import { FeedError } from "./feed-error.ts";
import { parsePrices } from "./price-file.ts";
import { Prices } from "./prices.ts";

const folder = mkdtempSync(join(tmpdir(), "prices-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, "prices.json");
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

let now = START;
let store = new MemoryPriceStore();
let prices = create();
const alarms: string[] = [];
beforeEach(() => {
  now = START;
  store = new MemoryPriceStore();
  prices = create();
  alarms.length = 0;
  rmSync(path, { force: true });
});

/** As at a start of the process: all that is known is in the store. */
function create(): Prices {
  return new Prices({
    path,
    maxAgeMs: 30 * MINUTE,
    store,
    onAlarm: (code, message) => alarms.push(`${code} ${message.replace(`${path}: `, "")}`),
    now: () => now,
  });
}

async function state(content: unknown): Promise<string | undefined> {
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return await prices.reload();
}

/** A price as text, in cents of the test's own; undefined where there is none. */
function quoted(token = "ETH"): string | undefined {
  const price = prices.quote(token, now);
  return price && `${price.value}/${10 ** price.scale}`;
}

describe("one token is refused, the others are not", () => {
  test.each([
    ["zero", { usd: "0", at: START }, "zero"],
    ["zero, spelled long", { usd: "0.000", at: START }, "zero"],
    ["negative", { usd: "-5", at: START }, "negative"],
    ["a number", { usd: 3120.55, at: START }, "usd is no string"],
    ["an exponent", { usd: "3e3", at: START }, "usd is no plain decimal"],
    ["an empty text", { usd: "", at: START }, "usd is no plain decimal"],
    ["a comma", { usd: "3,120", at: START }, "usd is no plain decimal"],
    ["no time", { usd: "1" }, "at is no whole number of milliseconds"],
    ["a time as text", { usd: "1", at: "2026-01-01" }, "at is no whole number of milliseconds"],
    ["a time with a fraction", { usd: "1", at: START + 0.5 }, "at is no whole number of milliseconds"],
    ["another member", { usd: "1", at: START, source: "x" }, "not {usd, at}"],
    ["a bare price", "3120.55", "not {usd, at}"],
    ["null", null, "not {usd, at}"],
    ["from the future", { usd: "1", at: START + MINUTE + 1 }, "from the future"],
    ["stale", { usd: "1", at: START - 30 * MINUTE - 1 }, "stale"],
  ])("%s", async (_what, entry, problem) => {
    expect(await state({ ETH: entry, BTC: { usd: "90000", at: START } })).toBeUndefined();
    expect(quoted()).toBeUndefined();
    expect(quoted("BTC")).toBe("90000/1");
    expect(alarms).toEqual([`PRICE_REFUSED ${problem}: ETH`]);
    expect(prices.status()).toMatchObject({ tokens: 1, refused: [{ token: "ETH", problem }] });
  });

  test("one from the future counts when its time has come, and is alarmed once until then", async () => {
    await state({ ETH: { usd: "3000", at: START + 2 * MINUTE } });
    for (let look = 0; look < 3; look += 1) await prices.poll();
    expect(quoted()).toBeUndefined();
    expect(alarms).toEqual(["PRICE_REFUSED from the future: ETH"]);
    now += MINUTE;
    for (let look = 0; look < 2; look += 1) await prices.poll();
    expect(quoted()).toBe("3000/1");
  });

  test("a bad price takes away the one that was accepted before, until a good one comes", async () => {
    await state({ ETH: { usd: "3000", at: START } });
    await state({ ETH: { usd: "0", at: START } });
    expect(quoted()).toBeUndefined();
    await state({ ETH: { usd: "3001", at: START } });
    expect(quoted()).toBe("3001/1");
  });
});

describe("steps", () => {
  test.each([
    ["30000", "ten times or more of the last accepted price"],
    ["30000.01", "ten times or more of the last accepted price"],
    ["300", "a tenth or less of the last accepted price"],
    ["299.9999", "a tenth or less of the last accepted price"],
  ])("3000 to %s is refused, however often it is repeated, after a restart too", async (usd, problem) => {
    await state({ ETH: { usd: "3000", at: START } });
    for (let round = 1; round <= 3; round += 1) {
      now += MINUTE;
      await state({ ETH: { usd, at: now } });
      expect(quoted()).toBeUndefined();
      expect(alarms).toHaveLength(round);
      expect(alarms[round - 1]).toBe(`PRICE_REFUSED ${problem}: ETH`);
    }
    prices = create();
    await prices.reload();
    expect(quoted()).toBeUndefined();
    expect(prices.status().refused).toEqual([{ token: "ETH", problem, usd }]);
    await state({ ETH: { usd: "3010", at: now } });
    expect(quoted()).toBe("3010/1");
  });

  test.each(["29999.99999", "300.00001", "3000", "2999.5"])("3000 to %s is taken", async (usd) => {
    await state({ ETH: { usd: "3000", at: START } });
    now += MINUTE;
    await state({ ETH: { usd, at: now } });
    expect(Number(quoted()?.split("/")[0])).toBeGreaterThan(0);
    expect(alarms).toEqual([]);
  });

  test("only an operator's act with a reason takes a step, and it outlives a restart", async () => {
    await state({ ETH: { usd: "3000", at: START }, BTC: { usd: "0", at: START } });
    await state({ ETH: { usd: "30", at: START }, BTC: { usd: "0", at: START } });
    await expect(prices.accept("ETH", "  ", "alice")).rejects.toThrow("a reason is required");
    expect(await prices.accept("BTC", "why not", "alice")).toBeUndefined();
    expect(await prices.accept("SOL", "why not", "alice")).toBeUndefined();
    store.fail = true;
    await expect(prices.accept("ETH", "redenominated", "alice")).rejects.toThrow("locked");
    expect(quoted()).toBeUndefined();
    store.fail = false;
    const act = { who: "alice", reason: "redenominated" };
    expect(await prices.accept("ETH", act.reason, act.who)).toEqual({
      ...{ token: "ETH", usd: "30", at: START },
      act,
    });
    expect(store.acts).toMatchObject([{ token: "ETH", act }]);
    expect(quoted()).toBe("30/1");
    expect(await prices.accept("ETH", "again", "alice")).toBeUndefined();
    prices = create();
    await prices.reload();
    expect(quoted()).toBe("30/1");
    await state({ ETH: { usd: "3000", at: START + 1 } });
    expect(quoted()).toBeUndefined();
  });
});

describe("age", () => {
  test("a price is quoted up to max_age and no longer, with one alarm", async () => {
    await state({ ETH: { usd: "3000", at: START } });
    now = START + 30 * MINUTE;
    await prices.poll();
    expect(quoted()).toBe("3000/1");
    now += 1;
    expect(quoted()).toBeUndefined();
    await prices.poll();
    await prices.poll();
    expect(alarms).toEqual(["PRICE_STALE older than max_age: ETH"]);
    expect(prices.status()).toMatchObject({ tokens: 0, stale: ["ETH"] });
    await state({ ETH: { usd: "3000", at: now } });
    now += 31 * MINUTE;
    await prices.poll();
    expect(alarms).toHaveLength(2);
  });

  test("at most a minute ahead of the clock, when it is quoted too", async () => {
    await state({ ETH: { usd: "3000", at: START + MINUTE } });
    expect(quoted()).toBe("3000/1");
    now -= 1;
    expect(quoted()).toBeUndefined();
  });

  test("an older price than the accepted one changes nothing", async () => {
    await state({ ETH: { usd: "3000", at: START } });
    await state({ ETH: { usd: "2000", at: START - 1 } });
    expect(quoted()).toBe("3000/1");
    expect(alarms).toEqual([]);
  });

  test("a price that a clock far ahead has accepted does not keep later ones away", async () => {
    now = START + 86_400_000;
    await state({ ETH: { usd: "3000", at: now } });
    now = START;
    await state({ ETH: { usd: "3100", at: START } });
    expect(quoted()).toBe("3100/1");
  });
});

describe("a file that cannot be read", () => {
  test.each([
    ["a key twice", `{"ETH":{"usd":"1","at":1},"ETH":{"usd":"2","at":1}}`],
    ["a list", "[]"],
    ["cut short", `{"ETH":{"usd":"1"`],
    ["nothing", ""],
    ["a byte order mark", "\ufeff{}"],
  ])("%s: what was accepted stays, and ages", async (_what, content) => {
    await state({ ETH: { usd: "3000", at: START } });
    expect(await state(content)).toEqual(expect.any(String));
    expect(alarms).toEqual([expect.stringMatching(/^PRICES_UNREADABLE /)]);
    expect(prices.status()).toMatchObject({ tokens: 1, error: expect.any(String) });
    expect(quoted()).toBe("3000/1");
    now += 31 * MINUTE;
    expect(quoted()).toBeUndefined();
    await state({ ETH: { usd: "3000", at: now } });
    expect(prices.status()).not.toHaveProperty("error");
  });

  test("one that is not there, or is no file; a token that is left out ages likewise", async () => {
    expect(await prices.reload()).toBe("it cannot be read (ENOENT)");
    await state({ ETH: { usd: "3000", at: START } });
    await state({});
    expect(quoted()).toBe("3000/1");
  });
});

describe("a store that fails", () => {
  test("without the last accepted prices nothing is accepted", async () => {
    await state({ ETH: { usd: "3000", at: START } });
    prices = create();
    store.fail = true;
    expect(await state({ ETH: { usd: "30", at: START } })).toMatch(/last accepted prices cannot be had/);
    expect(quoted()).toBeUndefined();
    store.fail = false;
    await prices.poll();
    expect(prices.status().refused).toMatchObject([{ token: "ETH", usd: "30" }]);
  });

  test("a price that is not kept is not quoted, and one that is refused is not quoted either", async () => {
    await state({ ETH: { usd: "3000", at: START }, BTC: { usd: "90000", at: START } });
    store.fail = true;
    const next = { ETH: { usd: "3001", at: START + 1 }, BTC: { usd: "0", at: START + 1 } };
    expect(await state(next)).toMatch(/new prices cannot be stored/);
    expect(quoted("ETH")).toBe("3000/1");
    expect(quoted("BTC")).toBeUndefined();
    store.fail = false;
    await prices.poll();
    expect(quoted("ETH")).toBe("3001/1");
  });
});

test("any JSON and any bytes are a table or a FeedError", () => {
  const attempt = (bytes: Uint8Array): void => {
    try {
      for (const [, statement] of parsePrices(bytes)) {
        if (statement.ok) expect(statement.stated.price.value > 0n).toBe(true);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(FeedError);
    }
  };
  fc.assert(fc.property(fc.uint8Array(), attempt));
  fc.assert(fc.property(fc.json(), (json) => attempt(Buffer.from(json))));
  const entry = fc.record({ usd: fc.oneof(fc.string(), fc.double(), fc.constant("1")), at: fc.anything() });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), entry), (table) =>
      attempt(Buffer.from(JSON.stringify(table, (_, value) => (typeof value === "bigint" ? 1 : value)))),
    ),
  );
});

test("any course of prices: what is quoted is never a step from what was quoted before", async () => {
  const usd = fc.bigInt({ min: 1n, max: 10n ** 9n });
  await fc.assert(
    fc.asyncProperty(fc.array(usd, { minLength: 2, maxLength: 8 }), async (course) => {
      store = new MemoryPriceStore();
      prices = create();
      let last: bigint | undefined;
      for (const value of course) {
        now += 1;
        await state({ ETH: { usd: `${value}`, at: now } });
        const price = prices.quote("ETH", now)?.value;
        const step = last !== undefined && (value >= 10n * last || value * 10n <= last);
        expect(price).toBe(step ? undefined : value);
        last = price ?? last;
      }
    }),
    { numRuns: 50 },
  );
});
