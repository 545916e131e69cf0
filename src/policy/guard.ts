/** The document that no release may approve (design 3.10). */
import { randomBytes } from "node:crypto";
import { documentSchema, type InputDocument } from "../input/document.ts";
import type { HostData } from "./release.ts";

/**
 * A `transaction_signing` of one unit to an address that nobody has ever listed, without evidence. All else is
 * as complete and harmless as can be, in a token of the release where it has one, so that a rule which only
 * looks for what is absent or too large finds nothing.
 *
 * @param nowMs - milliseconds since the epoch.
 */
export function guardCase(hostData: HostData, nowMs: number): InputDocument {
  const [token, known] = Object.entries(hostData.tokens ?? {})[0] ?? ["ETH", { chain: "ETH", decimals: 18 }];
  const amount = {
    token,
    units: "1",
    decimals: known.decimals,
    text: wholeUnits(known.decimals),
    usd_micros: "1",
  };
  const hash = `0x${randomBytes(32).toString("hex")}`;
  const now = new Date(nowMs).toISOString();
  const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
  const date = new Date(nowMs);
  const document = documentSchema.parse({
    version: 1,
    kind: "transaction_signing",
    group: "transfer",
    channel: "tss.v2",
    request: { id: "guard", source: "guard", received_at: nowMs },
    task: { id: "guard" },
    now: {
      ms: nowMs,
      date: now.slice(0, 10),
      time: now.slice(11, 19),
      weekday: weekdays[date.getUTCDay()],
      hour: date.getUTCHours(),
      minute: date.getUTCHours() * 60 + date.getUTCMinutes(),
      zone: "UTC",
    },
    organization: { id: "guard" },
    project: { id: "guard", organization_id: "guard" },
    vault: { id: "guard", project_id: "guard" },
    wallet: { id: "guard", organization_id: "guard", project_id: "guard", vault_id: "guard" },
    initiator: { type: "Web", id: "guard" },
    signing: { hashes: [hash], paths: ["m/44/60/0/0/0"], algorithm: "ecdsa" },
    transaction: {
      id: "guard",
      type: "Withdrawal",
      destination_type: "Address",
      chain: known.chain,
      token,
      sources: [{ address: address(), path: "m/44/60/0/0/0" }],
      destinations: [{ address: address(), amount }],
      totals: { [token]: amount },
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

function address(): string {
  return `0x${randomBytes(20).toString("hex")}`;
}

/** One smallest unit, spelled in whole ones. */
function wholeUnits(decimals: number): string {
  return decimals === 0 ? "1" : `0.${"0".repeat(decimals - 1)}1`;
}
