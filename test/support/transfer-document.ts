/** For the tests: a transfer as its document, complete and harmless, without evidence. */
import { randomBytes } from "node:crypto";
import { nowMembers } from "../../src/input/clock.ts";
import { documentSchema, type InputDocument } from "../../src/input/document.ts";

/** @param nowMs - milliseconds since the epoch. @returns one of the smallest unit of ETH, to an address of nobody's. */
export function transferDocument(nowMs: number): InputDocument {
  const amount = { token: "ETH", units: "1", decimals: 18, text: "0.000000000000000001", usd_micros: "1" };
  const path = "m/44/60/0/0/0";
  const document = documentSchema.parse({
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id: "test", source: "test", received_at: nowMs },
    task: { id: "test" },
    now: nowMembers(nowMs, "UTC"),
    organization: { id: "test" },
    project: { id: "test", organization_id: "test" },
    vault: { id: "test", project_id: "test" },
    wallet: { id: "test", organization_id: "test", project_id: "test", vault_id: "test" },
    initiator: { type: "Web", id: "test" },
    signing: { hashes: [hex(32)], paths: [path], algorithm: "ecdsa" },
    transaction: {
      id: "test",
      type: "Withdrawal",
      destination_type: "Address",
      chain: "ETH",
      token: "ETH",
      sources: [{ address: hex(20), path }],
      destinations: [{ address: hex(20), amount }],
      totals: { ETH: amount },
      total_usd_micros: "1",
      fee: amount,
      nonce: "0",
      internal: false,
      created_at: nowMs,
    },
    evidence: { status: "absent", key: "absent" },
    lists: {},
  });
  return { document, raw: "{}" };
}

function hex(bytes: number): string {
  return `0x${randomBytes(bytes).toString("hex")}`;
}
