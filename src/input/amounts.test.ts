import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountFromText, amountFromUnits, canonicalDecimal, plainInteger, totalsOf } from "./amounts.ts";
import { amountSchema } from "./document.ts";
import { Refusal } from "./refusal.ts";

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return undefined;
}

describe("whole units", () => {
  it.each([
    "",
    " 1",
    "1 ",
    "+1",
    "-1",
    "-0",
    "1e3",
    "1E3",
    "0x10",
    "007",
    "00",
    ".5",
    "1.",
    "1,5",
    "1_000",
    "NaN",
    "Infinity",
    "1.5.2",
    "١",
    "1\n",
    "9".repeat(79),
    `0.${"1".repeat(79)}`,
    `1${"0".repeat(500_000)}`,
  ])("refuses %j", (text) => {
    expect(codeOf(() => amountFromText("ETH", text, undefined))).toBe("REQUEST_SCHEMA");
    expect(codeOf(() => amountFromText("ETH", text, 18))).toBe("REQUEST_SCHEMA");
  });

  it("refuses more fraction digits than the token has, and more digits than 2^256", () => {
    expect(codeOf(() => amountFromText("USDT", "0.0000001", 6))).toBe("REQUEST_SCHEMA");
    expect(codeOf(() => amountFromText("USDT", "0.1", 0))).toBe("REQUEST_SCHEMA");
    expect(codeOf(() => amountFromText("ETH", "9".repeat(70), 18))).toBe("REQUEST_SCHEMA");
  });

  it("computes exact units and the shortest text", () => {
    expect(amountFromText("ETH", "0.0001", 18)).toEqual({
      token: "ETH",
      units: "100000000000000",
      decimals: 18,
      text: "0.0001",
    });
    expect(amountFromText("USDT", "10.500000000", 6)).toEqual({
      token: "USDT",
      units: "10500000",
      decimals: 6,
      text: "10.5",
    });
    expect(amountFromText("USDT", "0.00", 6)).toEqual({ token: "USDT", units: "0", decimals: 6, text: "0" });
  });

  it("has no units without decimals", () => {
    expect(amountFromText("NEW", "1.50", undefined)).toEqual({ token: "NEW", text: "1.5" });
  });
});

describe("smallest units", () => {
  it.each(["", "1.0", "1.5", "-1", "01", "1e3", " 1", "9".repeat(79)])("refuses %j", (text) => {
    expect(codeOf(() => amountFromUnits("ETH", text, 18))).toBe("REQUEST_SCHEMA");
    expect(codeOf(() => amountFromUnits("ETH", text, undefined))).toBe("REQUEST_SCHEMA");
    expect(codeOf(() => plainInteger(text))).toBe("REQUEST_SCHEMA");
  });

  it("computes the text", () => {
    expect(amountFromUnits("USDT", "50000000", 6).text).toBe("50");
    expect(amountFromUnits("BTC", "1", 8).text).toBe("0.00000001");
    expect(amountFromUnits("NFT", "3", 0).text).toBe("3");
  });

  it("establishes nothing but the token without decimals", () => {
    expect(amountFromUnits("NEW", "5", undefined)).toEqual({ token: "NEW" });
  });
});

describe("properties", () => {
  const decimals = fc.integer({ min: 0, max: 30 });
  const units = fc.bigInt({ min: 0n, max: 10n ** 40n });

  it("goes from units to text and back", () => {
    fc.assert(
      fc.property(units, decimals, (value, places) => {
        const there = amountFromUnits("T", value.toString(), places);
        const back = amountFromText("T", there.text ?? "", places);
        expect(back).toEqual(there);
        expect(back.units).toBe(value.toString());
        expect(amountSchema.safeParse(back).success).toBe(true);
        expect(canonicalDecimal(there.text ?? "")).toBe(there.text);
      }),
    );
  });

  it("sums exactly", () => {
    fc.assert(
      fc.property(fc.array(units, { minLength: 1, maxLength: 5 }), decimals, (values, places) => {
        const expected = amountFromUnits("T", values.reduce((a, b) => a + b, 0n).toString(), places);
        const amounts = values.map((value) => amountFromUnits("T", value.toString(), places));
        expect(totalsOf(amounts)).toEqual({ T: expected });
      }),
    );
  });
});

describe("totals", () => {
  it("are absent for nothing", () => {
    expect(totalsOf([])).toBeUndefined();
  });

  it("lack units and text where one amount does", () => {
    const known = amountFromText("T", "1", 6);
    expect(totalsOf([known, { token: "T", text: "2.25" }])).toEqual({ T: { token: "T", text: "3.25" } });
    expect(totalsOf([known, { token: "T" }])).toEqual({ T: { token: "T" } });
    expect(totalsOf([{ token: "T" }, known])).toEqual({ T: { token: "T" } });
  });

  it("stand by token", () => {
    expect(Object.keys(totalsOf([{ token: "A" }, { token: "B" }, { token: "A" }]) ?? {})).toEqual(["A", "B"]);
  });
});
