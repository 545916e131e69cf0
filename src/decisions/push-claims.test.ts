import { describe, expect, it } from "vitest";
import { nowMembers } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
import { type Claims, claimsOf, contradictions, joinClaims } from "./push-claims.ts";

const HASH = "6c2df6f6cf7fe8fe1e8559c11679a5a5b90768d1c128ffb3dd66d6f3cb910775";

function documentOf(members: Partial<Document>): Document {
  return {
    version: 1,
    kind: "deposit",
    group: "deposit",
    channel: "push.mpc",
    request: { id: "r", source: "cobo", received_at: 1 },
    now: nowMembers(1, "UTC"),
    ...members,
  };
}

const KNOWN: Claims = {
  side: "deposit",
  chain: "BTC",
  token: "BTC",
  hash: HASH,
  index: 0,
  destinations: [{ address: "bc1to", memo: "7", amount: "0.1" }],
  sources: ["bc1a", "bc1b"],
};

describe("contradicts", () => {
  it.each<[string, Partial<Claims>, string, string]>([
    ["side", { side: "withdrawal" }, "deposit", "withdrawal"],
    ["chain", { chain: "LTC" }, "BTC", "LTC"],
    ["token", { token: "USDT" }, "BTC", "USDT"],
    ["hash", { hash: "00" }, HASH, "00"],
    ["index", { index: 1 }, "0", "1"],
    ["address", { destinations: [{ address: "bc1other", amount: "0.1" }] }, "bc1to", "bc1other"],
    ["memo", { destinations: [{ address: "bc1to", memo: "8", amount: "0.1" }] }, "7", "8"],
    ["amount", { destinations: [{ address: "bc1to", memo: "7", amount: "0.2" }] }, "0.1", "0.2"],
    ["sources", { sources: ["bc1a", "bc1c"] }, "bc1a, bc1b", "bc1a, bc1c"],
  ])("in %s", (member, members, before, now) => {
    expect(contradictions(KNOWN, { ...KNOWN, ...members })).toEqual([{ member, before, now }]);
  });

  it("by another number of destinations", () => {
    const destinations = [{ address: "bc1to", memo: "7", amount: "0.1" }, { address: "bc1more" }];
    expect(contradictions(KNOWN, { ...KNOWN, destinations })).toEqual([
      { member: "destinations", before: "0.1 to bc1to memo 7", now: "0.1 to bc1to memo 7, ? to bc1more" },
    ]);
  });
});

it("contradicts nothing by what it leaves out, or by fewer or more of the senders", () => {
  expect(contradictions(KNOWN, KNOWN)).toEqual([]);
  expect(contradictions(KNOWN, { side: "deposit" })).toEqual([]);
  expect(contradictions({ side: "deposit" }, KNOWN)).toEqual([]);
  expect(contradictions(KNOWN, { side: "deposit", destinations: [{ address: "bc1to" }] })).toEqual([]);
  expect(contradictions(KNOWN, { ...KNOWN, sources: ["bc1b"] })).toEqual([]);
  expect(contradictions(KNOWN, { ...KNOWN, sources: ["bc1a", "bc1b", "bc1c"] })).toEqual([]);
});

describe("what is known", () => {
  it("is what either message says", () => {
    const { sources: _, ...unsent } = KNOWN;
    const bare: Claims = { side: "deposit", destinations: [{ amount: "0.1" }], sources: ["bc1a", "bc1b"] };
    for (const prevails of [true, false]) {
      expect(joinClaims(unsent, bare, prevails)).toEqual(KNOWN);
      expect(joinClaims(bare, unsent, prevails)).toEqual(KNOWN);
      expect(joinClaims(KNOWN, { side: "deposit", sources: ["bc1b"] }, prevails)).toEqual(KNOWN);
    }
  });

  it("is what the one says that prevails", () => {
    const other: Claims = {
      side: "withdrawal",
      index: 2,
      destinations: [{ address: "bc1x" }, { address: "bc1y" }],
      sources: ["bc1z"],
    };
    expect(joinClaims(KNOWN, other, true)).toEqual({ ...KNOWN, ...other });
    expect(joinClaims(KNOWN, other, false)).toEqual(KNOWN);
  });
});

describe("of a document", () => {
  it("are nothing where it says nothing", () => {
    expect(claimsOf(documentOf({}))).toEqual({ side: "deposit" });
    expect(claimsOf(documentOf({ kind: "withdrawal" }))).toEqual({ side: "withdrawal" });
  });

  it("have the senders once there is a transaction on the chain", () => {
    const transaction = { sources: [{ address: "b" }, { outpoint: "h:1" }] };
    const sources = [{ address: "c" }, { address: "a" }];
    expect(claimsOf(documentOf({ transaction, deposit: { sources } }))).toEqual({ side: "deposit" });
    expect(claimsOf(documentOf({ transaction, deposit: { sources, outpoint: { hash: "So1ana" } } }))).toEqual(
      { side: "deposit", hash: "So1ana", sources: ["a", "b", "c"] },
    );
  });

  it("have one spelling", () => {
    const destinations = [
      { address: "y", amount: { token: "ETH", text: "2", units: "2" } },
      { address: "x", memo: "m", amount: { token: "ETH", text: "1" } },
    ];
    const document = documentOf({
      transaction: { chain: "ETH", token: "ETH", destinations },
      deposit: { outpoint: { hash: `0x${HASH.toUpperCase()}`, index: 3 } },
    });
    expect(claimsOf(document)).toEqual({
      side: "deposit",
      chain: "ETH",
      token: "ETH",
      hash: HASH,
      index: 3,
      destinations: [
        { address: "x", memo: "m", amount: "1" },
        { address: "y", amount: "2" },
      ],
    });
  });
});
