import { describe, expect, it } from "vitest";
import { nowMembers } from "../input/clock.ts";
import type { Document } from "../input/document.ts";
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
