/**
 * The rules of the message group in a release as it is built: real wasm, the reads of the index, the host's combination.
 * What each rule says in Rego alone is in its own tests.
 */

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { activate } from "../src/policy/activate.ts";
import { buildRelease } from "../src/policy/build/build.ts";
import type { LiveRelease } from "../src/policy/live.ts";
import { proverOf } from "../src/proof/prove.ts";
import { ASKED, verdictOf } from "./support/verdict.ts";

type Json = Record<string, unknown>;

const OWN = "0x5393209fc04e4df32c023d9487fed571dd0b09b2";
const SAFE = "0xfe206b80432eb35ea456ef00e36ad49c2522733f";
const MULTISEND = "0x9641d764fc13c8b624c04430c7356c1c7c8102e2";
const STRANGER = "0x66f820a414680b5bcda5eeca5dea238543f42054";
const PAID = { token: "MNT", units: "100000000000", decimals: 18, text: "0.0000001", usd_micros: "1" };

const TEXTS = `message_texts:
  "I agree to the terms.": {name: terms}
`;
const LOGIN = `  "5000":
    "${STRANGER}":
      Login: {name: portal, unknown_effects: true}
      Order: {name: market}
`;

/** Of an address that no flag is about. */
const CLEAN = { known: false, open: [] };

const OF_WHAT_IT_MOVES = {
  token_limit: { spent: { MNT: "0" } },
  flagged_recipient: {
    flags: { [OWN]: CLEAN, [STRANGER]: CLEAN },
    paid: { [OWN]: "0", [STRANGER]: "0" },
  },
};

let dir: string;
let live: LiveRelease;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "message-rules-"));
  await cp("policies", dir, { recursive: true });
  const data = await readFile("bundles/demo/data.yaml", "utf8");
  const filled = data.replace("message_texts: {}\n", TEXTS).replace('  "5000":\n', LOGIN);
  expect(filled.length).toBe(data.length - 18 + TEXTS.length - 10 + LOGIN.length);
  await writeFile(join(dir, "data.yaml"), filled);
  const { bytes } = await buildRelease(dir);
  live = await activate(bytes, {
    trust: "unsigned",
    source: "messages",
    prover: proverOf(),
    evaluationMs: 2_000,
  });
}, 120_000);

afterAll(async () => {
  await live?.engine.close();
  await rm(dir, { recursive: true, force: true });
});

function message(evidence: Json, totals?: Json): Json {
  return {
    version: 1,
    kind: "message_signing",
    group: "message",
    channel: "tss.v2",
    ...ASKED,
    wallet: { id: "w" },
    signing: { hashes: ["0x00"], paths: ["m/44/60/0/0/0"], algorithm: "ecdsa" },
    transaction: {
      type: "MessageSign",
      chain: "MNT",
      sources: [{ address: OWN }],
      ...(totals === undefined ? {} : { totals, total_usd_micros: "1" }),
    },
    evidence: { status: "verified", key: "verified", family: "evm", differences: [], ...evidence },
    facts: {
      daily_limit: { spent: "0", spent_from: { [OWN]: "0" } },
      flagged_funds: { flags: { [OWN]: CLEAN } },
      ...(totals === undefined ? {} : OF_WHAT_IT_MOVES),
    },
    lists: { sanctions: {} },
  };
}

async function codesOf(stated: Json) {
  const { outcome, reasons } = await verdictOf(live, stated, {});
  return { outcome, codes: reasons.map(({ code }) => code) };
}

const APPROVED = { outcome: "approved", codes: [] };
const domain = (contract: string, type: string) => ({
  typed_data: { primary_type: type, chain_id: "5000", verifying_contract: contract },
});
const DELEGATED = { type: "delegatecall", from: SAFE, to: MULTISEND };
const PAYS = { type: "transfer", asset: "MNT", from: SAFE, to: OWN, amount: PAID };
const safeTx = (...effects: readonly Json[]) =>
  message({ ...domain(SAFE, "SafeTx"), effects: [DELEGATED, PAYS, ...effects] }, { MNT: PAID });

it("approves a listed Safe's transaction that pays who is listed", async () => {
  expect(await codesOf(safeTx())).toEqual(APPROVED);
});

it.each<[string, Json, readonly string[]]>([
  ["another delegatecall", { ...DELEGATED, to: STRANGER }, ["NO_DELEGATECALL"]],
  [
    "a payment to somebody else",
    { ...PAYS, to: STRANGER },
    ["DESTINATION_ALLOWLIST", "ALLOWLIST_COOLING_OFF"],
  ],
  ["a payment of somebody else's", { ...PAYS, from: STRANGER }, ["OWN_FUNDS"]],
  ["a token that nobody knows", { ...PAYS, asset: STRANGER }, ["TOKEN_KNOWN"]],
  [
    "a permit without end",
    { type: "permit", asset: "MNT", from: SAFE, to: STRANGER },
    ["APPROVALS", "SPENDER_ALLOWLIST", "ALLOWLIST_COOLING_OFF"],
  ],
  ["another owner", { type: "admin", to: SAFE, method: "swapOwner" }, ["NO_ADMIN"]],
  ["a call that is not listed", { type: "call", to: SAFE, selector: "0x0753c30c" }, ["CONTRACT_METHODS"]],
  ["a refund of more than the cap", { type: "fee", asset: "MNT", amount: PAID }, ["FEE_CAP"]],
  ["what nobody knows", { type: "unknown" }, ["NO_UNKNOWN_EFFECTS"]],
])("refuses one with %s", async (_, effect, codes) => {
  expect(await codesOf(safeTx(effect))).toEqual({ outcome: "denied", codes });
});

it("approves a listed text, which has neither effects nor totals", async () => {
  expect(await codesOf(message({ text: "I agree to the terms." }))).toEqual(APPROVED);
  const codes = ["MESSAGE_TEXTS"];
  expect(await codesOf(message({ text: "I agree to all." }))).toEqual({ outcome: "denied", codes });
});

it("approves a listed type of unknown effect only where its entry says so", async () => {
  const unknown = [{ type: "unknown", from: OWN, to: STRANGER }];
  expect(await codesOf(message({ ...domain(STRANGER, "Login"), effects: unknown }))).toEqual(APPROVED);
  expect(await codesOf(message({ ...domain(STRANGER, "Order"), effects: unknown }))).toEqual({
    outcome: "denied",
    codes: ["NO_UNKNOWN_EFFECTS"],
  });
  expect(await codesOf(message({ ...domain(STRANGER, "Vote"), effects: unknown }))).toEqual({
    outcome: "denied",
    codes: ["NO_UNKNOWN_EFFECTS", "TYPED_DATA_DOMAINS"],
  });
});

it("refuses one whose source address has paid enough, whatever its wallet", async () => {
  const stated = safeTx();
  const paid = { daily_limit: { spent: "0", spent_from: { [OWN]: "0", [SAFE]: "1400000" } } };
  const facts = { ...(stated["facts"] as Json), ...paid };
  expect(await codesOf({ ...stated, facts })).toEqual({
    outcome: "denied",
    codes: ["DAILY_LIMIT", "DAILY_SOFT_LIMIT"],
  });
});

it("refuses one of whose source address history says nothing", async () => {
  const stated = safeTx();
  const facts = { ...(stated["facts"] as Json), daily_limit: { spent: "0" } };
  expect(await codesOf({ ...stated, facts })).toEqual({
    outcome: "denied",
    codes: ["DAILY_LIMIT", "DAILY_SOFT_LIMIT"],
  });
});

it("refuses what moves something of which there are no totals", async () => {
  const { evidence } = safeTx();
  expect(await codesOf(message(evidence as Json))).toEqual({
    outcome: "denied",
    codes: ["AMOUNT_CAP", "DAILY_LIMIT", "DAILY_SOFT_LIMIT", "FLAGGED_RECIPIENT", "TOKEN_LIMIT"],
  });
});

it("refuses a message that nobody read, and says it once", async () => {
  for (const status of ["unsupported", "undecodable", "absent"]) {
    const unread = message({ status, key: "verified" });
    expect(await codesOf(unread)).toEqual({ outcome: "denied", codes: ["EVIDENCE_VERIFIED"] });
  }
});

it("refuses typed data of which nobody says what it does, by every rule that asks", async () => {
  const { outcome, codes } = await codesOf(message(domain(SAFE, "SafeTx"), { MNT: PAID }));
  expect(outcome).toBe("denied");
  const asking = live.index.rules.filter(
    ({ group, optional, checks }) =>
      group === "message" && optional.includes("evidence.effects") && checks[0]?.part === "require",
  );
  expect([...new Set(codes)].length).toBe(asking.length + 1);
});
