import { describe, expect, it } from "vitest";
import { nowMembers } from "../input/clock.ts";
import type { Document, Effect } from "../input/document.ts";
import { Refusal } from "../input/refusal.ts";
import { reasonOf } from "./decide.ts";
import { governedBy } from "./governed.ts";

const SIGNING: Document = {
  version: 1,
  kind: "transaction_signing",
  group: "transfer",
  channel: "tss.v2",
  request: { id: "r", source: "node-1", received_at: 1 },
  now: nowMembers(1, "UTC"),
  wallet: { id: "w" },
  transaction: { sources: [{ address: "0xa" }, { outpoint: "h:1" }, { address: "0xb" }] },
};

const refusedBy = (code: ConstructorParameters<typeof Refusal>[0]) => ({
  channel: SIGNING.channel,
  outcome: "denied" as const,
  reasons: [reasonOf(new Refusal(code, "no"))],
});
const APPROVED = { channel: SIGNING.channel, outcome: "approved" as const, reasons: [] };

describe("nothing is put under watch", () => {
  it.each(["OUT_OF_SCOPE", "NOT_A_PARTICIPANT", "CHANGED_REQUEST"] as const)("by %s", (code) => {
    expect(governedBy(SIGNING, refusedBy(code))).toBeUndefined();
  });

  it.each(["push.mpc", "push.custodial", "confirm.waas1"] as const)("by %s", (channel) => {
    expect(governedBy({ ...SIGNING, channel }, { ...APPROVED, channel })).toBeUndefined();
  });

  it("where no address is known", () => {
    const { transaction: _none, ...key } = SIGNING;
    expect(governedBy(key, APPROVED)).toBeUndefined();
    expect(
      governedBy({ ...SIGNING, transaction: { sources: [{ outpoint: "h:1" }] } }, APPROVED),
    ).toBeUndefined();
  });
});

describe("the addresses that are paid from are put under watch", () => {
  it.each(["FROZEN", "EVIDENCE_MISMATCH", "POLICY_ABSENT"] as const)("also where %s refuses", (code) => {
    // Which wallet they are of is believed where it was approved.
    expect(governedBy(SIGNING, refusedBy(code))).toEqual({ addresses: ["0xa", "0xb"] });
  });

  it("with the wallet that was approved", () => {
    expect(governedBy(SIGNING, APPROVED)).toEqual({ addresses: ["0xa", "0xb"], wallet: "w" });
  });

  it("where a rule has the code of an invariant", () => {
    const [reason] = refusedBy("OUT_OF_SCOPE").reasons;
    const reasons = reason === undefined ? [] : [{ ...reason, rule: "transfer/scope" }];
    expect(governedBy(SIGNING, { ...APPROVED, reasons })).toBeDefined();
  });

  it("with those that the bytes pay from, where they were read", () => {
    const effects: Effect[] = [{ type: "transfer", asset: "ETH", from: "0xc", to: "0xd" }];
    const { wallet: _none, ...rest } = SIGNING;
    const proven: Document = { ...rest, evidence: { status: "verified", key: "verified", effects } };
    expect(governedBy(proven, APPROVED)).toEqual({ addresses: ["0xa", "0xb", "0xc"] });
    const differing: Document = { ...rest, evidence: { status: "mismatch", key: "verified", effects } };
    expect(governedBy(differing, APPROVED)).toEqual({ addresses: ["0xa", "0xb"] });
  });
});
