import { describe, expect, it } from "vitest";
import { nowMembers } from "../input/clock.ts";
import type { Document, Effect, Evidence } from "../input/document.ts";
import { FACT_MEMBERS, type FactMember } from "../input/fact-shape.ts";
import { factKeys } from "../ledger/fact-keys.ts";
import { movementsOf } from "./movements.ts";

const MESSAGE: Document = {
  version: 1,
  kind: "message_signing",
  group: "message",
  channel: "tss.v2",
  request: { id: "r", source: "node-1", received_at: 1 },
  now: nowMembers(1, "UTC"),
  organization: { id: "o" },
  project: { id: "p" },
  vault: { id: "v" },
  wallet: { id: "w" },
  initiator: { id: "i" },
  signing: { hashes: [`0x${"1".repeat(64)}`], paths: ["m/1"] },
  transaction: {
    type: "MessageSign",
    chain: "ETH",
    token: "ETH",
    sources: [{ address: "0xs", outpoint: "h:0" }],
    message: "hello",
  },
};

describe("a message", () => {
  const { rows } = movementsOf(MESSAGE, "");

  it("moves nothing that is declared", () => {
    expect(rows).toMatchObject([{ units: "0", usd_micros: "0" }]);
  });

  const stated = FACT_MEMBERS.filter((member) => member !== "transaction.destinations[].address");
  it.each<FactMember>(stated)("is counted by %s, which its own queries go by", (member) => {
    const shape = { by: [member], where: { direction: "out" } };
    expect(rows.flatMap((row) => factKeys(shape, row, "reserved"))).toHaveLength(1);
  });
});

describe("a message to somebody", () => {
  const amount = { token: "ETH", units: "5", usd_micros: "7" };
  const destinations = [{ address: "0xa", amount }, { address: "0xb" }];
  const { rows } = movementsOf({ ...MESSAGE, transaction: { ...MESSAGE.transaction, destinations } }, "");

  it("is counted by each address, with what it declares", () => {
    expect(rows).toMatchObject([
      { destination: "0xa", units: "5", usd_micros: "7" },
      { destination: "0xb", units: "0", usd_micros: "0" },
    ]);
  });
});

describe("a transaction", () => {
  const amount = { token: "USDT", units: "5", usd_micros: "7" };
  const paid: Effect = { type: "transfer", asset: "USDT", from: "0xvictim", to: "0xa", amount };
  const call: Effect = { type: "call", to: "0xc" };
  const transaction = {
    chain: "ETH",
    token: "ETH",
    sources: [{ address: "0xs" }],
    destinations: [{ address: "0xd", amount: { token: "ETH", units: "9", usd_micros: "8" } }],
    contract: { address: "0xc" },
    nonce: "4",
  };
  const rowsOf = (
    effects: Effect[],
    { status = "verified", ...members }: Partial<Evidence & Document> = {},
  ) =>
    movementsOf(
      {
        ...MESSAGE,
        ...{ kind: "transaction_signing", group: "transfer", transaction },
        ...members,
        evidence: { status, key: "verified", ...(effects.length === 0 ? {} : { effects }) },
      },
      "",
    ).rows;

  it.each(["mismatch", "undecodable", "unsupported", "absent"] as const)("%s: as declared", (status) => {
    expect(rowsOf([paid], { status })).toMatchObject([
      { token: "ETH", sources: ["0xs"], destination: "0xd", units: "9", usd_micros: "8", nonce: "4" },
    ]);
  });

  it("has no amount where the bytes set none, or grant a collection", () => {
    const { amount: _, ...open } = paid;
    const rows = rowsOf([
      { ...open, type: "approve" },
      { ...open, type: "operator_grant" },
    ]);
    expect(rows).toHaveLength(2);
    for (const row of rows) expect([row.units, row.usd_micros]).toEqual([undefined, undefined]);
    const message = rowsOf([{ ...open, type: "permit" }], { kind: "message_signing", group: "message" });
    expect(message).toMatchObject([{ destination: "0xa" }]);
    expect([message[0]?.units, message[0]?.usd_micros]).toEqual([undefined, undefined]);
  });

  it("is one row an effect that moves value, equal ones too", () => {
    const { from: _, ...unnamed } = paid;
    const row = { chain: "ETH", token: "USDT", destination: "0xa", units: "5", usd_micros: "7", nonce: "4" };
    expect(rowsOf([paid, call, paid, { ...paid, type: "fee" }, unnamed])).toMatchObject([
      { ...row, sources: ["0xvictim"] },
      { ...row, sources: ["0xvictim"] },
      { ...row, sources: ["0xs"] },
    ]);
  });

  it("is one row of nothing where the bytes only call", () => {
    const nothing = { destination: "0xc", units: "0", usd_micros: "0", sources: ["0xs"] };
    expect(rowsOf([call])).toMatchObject([{ ...nothing, token: "ETH" }]);
    const [row] = rowsOf([call], {
      transaction: { ...transaction, token: undefined, destinations: undefined },
    });
    expect(row).toMatchObject(nothing);
    expect(row?.token).toBeUndefined();
  });

  it("a message that permits nothing keeps what it declares", () => {
    const message = { kind: "message_signing", group: "message" } as const;
    const declared = { transaction: MESSAGE.transaction };
    expect(rowsOf([], { ...message, ...declared })).toEqual(movementsOf(MESSAGE, "").rows);
  });
});
