import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nowMembers } from "./clock.ts";
import { type Document, documentSchema, type Effect, type Evidence } from "./document.ts";
import { paymentsOf, withTotals } from "./payments.ts";
import { priceDocument } from "./pricing.ts";
import { Refusal } from "./refusal.ts";

/** As the decoders and the normalizers give it; the text is worked out in another way than theirs. */
function amount(token: string, units: string, decimals = 6) {
  const digits = units.padStart(decimals + 1, "0");
  const text = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, "");
  return { token, units, decimals, text };
}

const declared = (units: string) => ({
  chain: "ETH",
  token: "ETH",
  destinations: [{ address: "0xd", amount: amount("ETH", units, 18) }],
  totals: { ETH: amount("ETH", units, 18) },
  total_usd_micros: "7",
});

function documentOf(
  effects: readonly Effect[],
  { status = "verified", group = "transfer" as Document["group"], transaction = declared("5") } = {} as {
    status?: Evidence["status"];
    group?: Document["group"];
    transaction?: NonNullable<Document["transaction"]>;
  },
): Document {
  return {
    version: 1,
    kind: group === "message" ? "message_signing" : "transaction_signing",
    group,
    channel: "tss.v2",
    request: { id: "r", source: "node-1", received_at: 1 },
    now: nowMembers(1, "UTC"),
    transaction,
    evidence: { status, key: "verified", ...(effects.length === 0 ? {} : { effects: [...effects] }) },
  };
}

const totalsOf = (document: Document) => withTotals(document).transaction?.totals;

const transfer: Effect = {
  type: "transfer",
  asset: "USDT",
  from: "0xs",
  to: "0xa",
  amount: amount("USDT", "3"),
};
const call: Effect = { type: "call", to: "0xd" };
const VALUE = ["transfer", "approve", "permit", "operator_grant"] as const;
const OTHER = ["fee", "call", "admin", "deploy", "delegatecall", "unknown"] as const;

describe("nothing is taken from bytes that prove nothing", () => {
  it.each(["mismatch", "undecodable", "unsupported", "absent"] as const)("%s", (status) => {
    const document = documentOf([transfer], { status });
    expect(paymentsOf(document)).toEqual([{ token: "ETH", to: "0xd", amount: amount("ETH", "5", 18) }]);
    expect(withTotals(document)).toBe(document);
  });

  it("what is declared without an amount is of the transaction's token", () => {
    const transaction = { token: "ETH", destinations: [{ address: "0xa" }, { memo: "m" }] };
    const payments = paymentsOf(documentOf([], { status: "absent", transaction }));
    expect(payments).toEqual([{ token: "ETH", to: "0xa" }, { token: "ETH" }]);
    expect(paymentsOf(documentOf([], { status: "absent", transaction: {} }))).toEqual([]);
  });
});

describe("what the bytes pay", () => {
  it.each(VALUE)("%s is a payment, and those of one asset are one by one", (type) => {
    const effect = { ...transfer, type };
    const one = { token: "USDT", from: "0xs", to: "0xa", amount: amount("USDT", "3") };
    expect(paymentsOf(documentOf([effect, call, effect]))).toEqual([one, one]);
  });

  it.each(OTHER)("%s is none", (type) => {
    expect(paymentsOf(documentOf([{ ...transfer, type }, transfer]))).toHaveLength(1);
  });

  it.each(OTHER)("%s alone pays nothing to what is called", (type) => {
    const document = documentOf([{ ...transfer, type }], {
      transaction: { ...declared("0"), contract: { address: "0xc" } },
    });
    const nothing = { ...amount("ETH", "0", 18), usd_micros: "0" };
    expect(paymentsOf(document)).toEqual([{ token: "ETH", to: "0xc", amount: nothing }]);
  });

  it("a call of which no token is known pays nothing of none", () => {
    expect(paymentsOf(documentOf([call], { transaction: { chain: "ETH" } }))).toEqual([{}]);
  });

  it("a message without effects stays what it declares", () => {
    expect(paymentsOf(documentOf([], { group: "message", transaction: {} }))).toEqual([]);
    expect(paymentsOf(documentOf([], { group: "message" }))).toMatchObject([{ to: "0xd" }]);
  });
});

describe("totals", () => {
  it.each<[string, Effect]>([
    ["an amount without bound", { type: "approve", asset: "USDT", to: "0xa" }],
    ["an amount of unknown units", { ...transfer, amount: { token: "USDT" } }],
    ["a grant of a collection", { ...transfer, type: "operator_grant" }],
    ["an asset that nobody knows", { type: "transfer", to: "0xa", amount: amount("USDT", "3") }],
    ["other decimals of the same token", { ...transfer, amount: amount("USDT", "3", 18) }],
  ])("are absent, all of them, with %s", (_, effect) => {
    const eth = { ...transfer, asset: "ETH", amount: amount("ETH", "1", 18) };
    const { transaction } = withTotals(documentOf([eth, transfer, effect]));
    expect(transaction).not.toHaveProperty("totals");
    expect(transaction).not.toHaveProperty("total_usd_micros");
  });

  it("refuse a token that an object would lose", () => {
    const document = documentOf([{ ...transfer, asset: "__proto__" }]);
    expect(() => withTotals(document)).toThrow(Refusal);
  });

  it("are absent where the words say that something is paid and the bytes do not", () => {
    expect(totalsOf(documentOf([call]))).toBeUndefined();
    expect(totalsOf(documentOf([call], { transaction: { token: "ETH" } }))).toBeUndefined();
  });

  it("are zero where words and bytes agree that nothing is paid", () => {
    const transaction = declared("0");
    expect(totalsOf(documentOf([call], { transaction }))).toEqual(transaction.totals);
  });

  it("are what the bytes do, one by asset, and a single token is an asset", () => {
    const nft = { ...transfer, asset: "0xc0/7", amount: { token: "0xc0/7", units: "1" } };
    const permit = { ...transfer, type: "permit", amount: amount("USDT", "4") } as const;
    const fee = { ...transfer, type: "fee", asset: "ETH", amount: amount("ETH", "9", 18) } as const;
    const document = withTotals(documentOf([transfer, nft, permit, fee, call]));
    expect(document.transaction?.totals).toEqual({
      USDT: amount("USDT", "7"),
      "0xc0/7": { token: "0xc0/7", units: "1" },
    });
    expect(documentSchema.safeParse(document).success).toBe(true);
  });

  it("have the worth of what the bytes do, once they are priced", () => {
    const priced = priceDocument(withTotals(documentOf([transfer, transfer])), () => ({
      value: 1n,
      scale: 0,
    }));
    expect(priced.transaction?.total_usd_micros).toBe("6");
  });

  it("are exact for any amounts, as many as there are of the largest", () => {
    const most = 2n ** 256n - 1n;
    const units = fc.oneof(fc.bigInt({ min: 0n, max: most }), fc.constant(most));
    fc.assert(
      fc.property(
        fc.array(units, { minLength: 1, maxLength: 120 }),
        fc.constantFrom(6, 18, 255),
        (all, decimals) => {
          const effects = all.map((each) => ({
            ...transfer,
            amount: amount("USDT", String(each), decimals),
          }));
          const document = withTotals(documentOf(effects));
          const sum = all.reduce((a, b) => a + b, 0n);
          expect(document.transaction?.totals).toEqual({ USDT: amount("USDT", String(sum), decimals) });
          expect(documentSchema.safeParse(document).success).toBe(true);
        },
      ),
    );
  });
});
