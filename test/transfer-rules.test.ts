/**
 * The rules of the transfer group that ask history and lists, in the demo release as it is built: real wasm, the
 * reads of the index, the host's combination. What each rule says in Rego alone is in its own tests.
 */

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EFFECT_TYPES, type Kind } from "../src/input/document.ts";
import { activate } from "../src/policy/activate.ts";
import { buildRelease } from "../src/policy/build/build.ts";
import type { LiveRelease } from "../src/policy/live.ts";
import { proverOf } from "../src/proof/prove.ts";
import { ASKED, verdictOf } from "./support/verdict.ts";

type Json = Record<string, unknown>;

const COLD_WALLET = "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f";
const OWN = "0xdc05cb2b67b790903807bf106148a1a62b048b30";
const PAID = { token: "ETH", units: "100000000000000", decimals: 18, text: "0.0001", usd_micros: "300000" };

/** Of an address that no flag is about. */
const CLEAN = { known: false, open: [] };

/** The sample transfer with an empty history, a list without hits and a price of 3,000 dollars. */
const LISTED_TRANSFER = {
  version: 1,
  kind: "transaction_signing",
  group: "transfer",
  channel: "tss.v2",
  ...ASKED,
  wallet: { id: "w" },
  signing: { hashes: ["0x00"], paths: ["m/44/60/0/0/0"], algorithm: "ecdsa" },
  transaction: {
    type: "Withdrawal",
    chain: "ETH",
    token: "ETH",
    sources: [{ address: OWN }],
    destinations: [{ address: COLD_WALLET, amount: PAID }],
    totals: { ETH: PAID },
    total_usd_micros: "300000",
  },
  evidence: { status: "unsupported", key: "unsupported" },
  facts: {
    daily_limit: { spent: "0", spent_from: { [OWN]: "0" } },
    token_limit: { spent: { ETH: "0", ETH_USDT: "0" }, spent_from: { [OWN]: "0" } },
    payment_count: { made: "0", made_from: { [OWN]: "0" } },
    new_destination: { paid: { [COLD_WALLET]: "0" } },
    repeated_payment: {
      number: { [COLD_WALLET]: "0" },
      total: { [COLD_WALLET]: "0" },
      first: { [COLD_WALLET]: "1735689600000" },
      last: { [COLD_WALLET]: "0" },
      any: { [COLD_WALLET]: "0" },
    },
    flagged_funds: { flags: { [OWN]: CLEAN } },
    flagged_recipient: { flags: { [COLD_WALLET]: CLEAN }, paid: { [COLD_WALLET]: "0" } },
  },
  lists: { sanctions: {} },
};

let dir: string;
let live: LiveRelease;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "transfer-rules-"));
  await cp("policies", dir, { recursive: true });
  // What the words of a request are judged by where nobody reads its bytes, beside what the bytes are judged by.
  const data = await readFile("bundles/demo/data.yaml", "utf8");
  await writeFile(
    join(dir, "data.yaml"),
    data.replace("approve_unverified: false", "approve_unverified: true"),
  );
  const { bytes } = await buildRelease(dir);
  live = await activate(bytes, {
    trust: "unsigned",
    source: "demo",
    prover: proverOf(),
    evaluationMs: 2_000,
  });
}, 120_000);

afterAll(async () => {
  await live?.engine.close();
  await rm(dir, { recursive: true, force: true });
});

/** The document with other values at some paths; `undefined` takes the member away. */
function changed(changes: Readonly<Record<string, unknown>>): Json {
  const document: Json = structuredClone(LISTED_TRANSFER);
  for (const [path, value] of Object.entries(changes)) {
    const steps = path.split("/");
    const last = steps.pop() ?? "";
    let holder = document;
    for (const step of steps) holder = holder[step] as Json;
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return document;
}

function judged(changes: Readonly<Record<string, unknown>> = {}) {
  return verdictOf(live, changed(changes));
}

async function codesOf(changes: Readonly<Record<string, unknown>>) {
  const { outcome, reasons, alerts } = await judged(changes);
  return { outcome, codes: [...reasons, ...alerts].map(({ code }) => code).sort() };
}

it("asks history what the host understands", () => {
  const queries = live.queries.map(({ rule, name, kind }) => `${rule}.${name} ${kind}`);
  expect(queries).toEqual([
    "confirmation_limits.made count",
    "confirmation_limits.spent sum",
    "confirmation_limits.units sum",
    "daily_limit.spent sum",
    "daily_limit.spent_from sum",
    "flagged_funds.flags flags",
    "flagged_recipient.flags flags",
    "flagged_recipient.paid count",
    "new_destination.paid count",
    "payment_count.made count",
    "payment_count.made_from count",
    "repeated_payment.any last",
    "repeated_payment.first first",
    "repeated_payment.last last",
    "repeated_payment.number count",
    "repeated_payment.total sum",
    "replacement.movement movement",
    "token_limit.spent sum",
    "token_limit.spent_from sum",
    "daily_limit.spent sum",
    "daily_limit.spent_from sum",
    "flagged_funds.flags flags",
    "flagged_recipient.flags flags",
    "flagged_recipient.paid count",
    "token_limit.spent sum",
    "structuring.number count",
    "structuring.sent sum",
    "usual.number count",
    "usual.received sum",
  ]);
});

it("asks of each kind what the rules ask that judge it", () => {
  const rules = (kind: Kind) => [...new Set(live.factQueries(kind).map(({ rule }) => rule))];
  expect(rules("transaction_signing")).not.toContain("confirmation_limits");
  expect(rules("withdrawal_confirmation")).toEqual([
    "confirmation_limits",
    "flagged_recipient",
    "repeated_payment",
  ]);
  expect(rules("deposit")).toEqual(["structuring", "usual"]);
  expect(rules("withdrawal")).toEqual([]);
});

it("approves the sample transfer on an empty history, without hits, with a price", async () => {
  expect(await judged()).toMatchObject({ outcome: "approved", reasons: [], alerts: [] });
});

const OTHER = { token: "ETH_USDT", units: "1", decimals: 6, text: "0.000001", usd_micros: "1" };
const RICH = { ...PAID, usd_micros: "1000000001" };

describe("refuses", () => {
  it.each<[string, Record<string, unknown>, string, readonly string[]]>([
    [
      "over both daily limits",
      { "facts/daily_limit/spent": "1200000" },
      "denied",
      ["DAILY_LIMIT", "DAILY_SOFT_LIMIT"],
    ],
    ["over the lower daily limit", { "facts/daily_limit/spent": "1100000" }, "held", ["DAILY_SOFT_LIMIT"]],
    [
      "over the token's limit",
      { "facts/token_limit/spent/ETH": "9999900000000000001" },
      "denied",
      ["TOKEN_LIMIT"],
    ],
    ["one payment too many", { "facts/payment_count/made": "60" }, "held", ["PAYMENT_COUNT"]],
    [
      "over the daily limits by its source address alone",
      { "facts/daily_limit/spent_from": { [OWN]: "1200000" } },
      "denied",
      ["DAILY_LIMIT", "DAILY_SOFT_LIMIT"],
    ],
    [
      "over the token's limit by its source address alone",
      { "facts/token_limit/spent_from": { [OWN]: "9999900000000000001" } },
      "denied",
      ["TOKEN_LIMIT"],
    ],
    [
      "one payment of its source address too many",
      { "facts/payment_count/made_from": { "0xdd": "0", [OWN]: "60" } },
      "held",
      ["PAYMENT_COUNT"],
    ],
    ["much to a new destination", { "transaction/destinations/0/amount": RICH }, "held", ["NEW_DESTINATION"]],
    [
      "another token than the totals have",
      { "transaction/destinations/0/amount": OTHER },
      "denied",
      ["TOKEN_LIMIT"],
    ],
    [
      "an entry of the allow-list that is too new",
      { "now/ms": 1_735_689_600_000 + 86_399_999 },
      "held",
      ["ALLOWLIST_COOLING_OFF"],
    ],
    ["a destination on the list", { "lists/sanctions": { [COLD_WALLET]: {} } }, "denied", ["SANCTIONS"]],
    ["a source on the list", { "lists/sanctions": { [OWN]: "OFAC" } }, "denied", ["SANCTIONS"]],
  ])("%s", async (_, changes, outcome, codes) => {
    expect(await codesOf(changes)).toEqual({ outcome, codes });
  });

  it.each<[string, readonly string[]]>([
    ["facts/daily_limit", ["DAILY_LIMIT", "DAILY_SOFT_LIMIT"]],
    ["facts/daily_limit/spent", ["DAILY_LIMIT", "DAILY_SOFT_LIMIT"]],
    ["facts/daily_limit/spent_from", ["DAILY_LIMIT", "DAILY_SOFT_LIMIT"]],
    ["facts/token_limit", ["TOKEN_LIMIT"]],
    ["facts/token_limit/spent", ["TOKEN_LIMIT"]],
    ["facts/token_limit/spent_from", ["TOKEN_LIMIT"]],
    ["facts/payment_count", ["PAYMENT_COUNT"]],
    ["facts/payment_count/made", ["PAYMENT_COUNT"]],
    ["facts/payment_count/made_from", ["PAYMENT_COUNT"]],
    ["facts/new_destination", ["NEW_DESTINATION"]],
    ["facts/flagged_funds", ["FLAGGED_FUNDS"]],
    ["facts/flagged_funds/flags", ["FLAGGED_FUNDS"]],
    ["facts/flagged_recipient", ["FLAGGED_RECIPIENT"]],
    ["facts/flagged_recipient/flags", ["FLAGGED_RECIPIENT"]],
    ["facts/flagged_recipient/paid", ["FLAGGED_RECIPIENT"]],
    ["facts/repeated_payment/number", ["REPEATED_PAYMENT"]],
    ["facts/repeated_payment/total", ["REPEATED_PAYMENT"]],
    ["facts/repeated_payment/first", ["REPEATED_PAYMENT"]],
    ["facts/repeated_payment/last", ["REPEATED_PAYMENT"]],
    ["facts/repeated_payment/any", ["REPEATED_PAYMENT"]],
    ["transaction/total_usd_micros", ["DAILY_LIMIT", "DAILY_SOFT_LIMIT"]],
    ["transaction/token", ["REPEATED_PAYMENT", "TOKEN_LIMIT"]],
    ["lists/sanctions", ["SANCTIONS"]],
    ["lists", ["SANCTIONS"]],
  ])("what lacks %s, and says so", async (path, codes) => {
    const { reasons, alerts } = await judged({ [path]: undefined });
    const all = [...reasons, ...alerts];
    expect(all.map(({ code }) => code).sort()).toEqual(codes);
    const lacking = path.replaceAll("/", ".");
    for (const { absent = [] } of all) {
      expect(absent.some((read) => read === lacking || read.startsWith(`${lacking}.`))).toBe(true);
    }
  });
});

describe("lets pass", () => {
  it.each<[string, Record<string, unknown>]>([
    [
      "up to the lower daily limit",
      { "facts/daily_limit": { spent: "1000000", spent_from: { [OWN]: "1000000" } } },
    ],
    [
      "up to the token's limit",
      {
        "facts/token_limit/spent/ETH": "9999900000000000000",
        "facts/token_limit/spent_from": { [OWN]: "9999900000000000000" },
      },
    ],
    [
      "up to the count",
      { "facts/payment_count/made": "59", "facts/payment_count/made_from": { [OWN]: "59" } },
    ],
    [
      "much to a known destination",
      {
        "facts/new_destination/paid": { [COLD_WALLET]: "1" },
        "transaction/destinations/0/amount": RICH,
      },
    ],
    [
      "an earlier payment of another amount",
      {
        "facts/repeated_payment/number": { [COLD_WALLET]: "1" },
        "facts/repeated_payment/total": { [COLD_WALLET]: "99999999999999" },
        "facts/repeated_payment/first": { [COLD_WALLET]: "1735689500000" },
        "facts/repeated_payment/last": { [COLD_WALLET]: "1735689500000" },
      },
    ],
    ["an entry of the allow-list at its time", { "now/ms": 1_735_689_600_000 + 86_400_000 }],
    ["another address on the list", { "lists/sanctions": { "0xdd": {} } }],
  ])("%s", async (_, changes) => {
    expect(await codesOf(changes)).toEqual({ outcome: "approved", codes: [] });
  });

  it("a repeated payment in the demo, with a note", async () => {
    const verdict = await judged({
      "facts/repeated_payment/number": { [COLD_WALLET]: "1" },
      "facts/repeated_payment/total": { [COLD_WALLET]: "100000000000000" },
      "facts/repeated_payment/last": { [COLD_WALLET]: "1735689500000" },
    });
    expect(verdict.outcome).toBe("approved");
    expect(verdict.alerts).toMatchObject([{ code: "REPEATED_PAYMENT", consequence: "alert" }]);
  });
});

const USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7";
const STRANGER = "0x66f820a414680b5bcda5eeca5dea238543f42054";
const PAYS = { type: "transfer", asset: "ETH", from: OWN, to: COLD_WALLET, amount: PAID };
const FEE = { type: "fee", asset: "ETH", from: OWN, amount: PAID };

/** The bytes were read and do this. */
function doing(...effects: readonly Json[]): Json {
  return { evidence: { status: "verified", key: "verified", family: "evm", differences: [], effects } };
}

describe("judges what the bytes do", () => {
  it("approves a transfer whose bytes do the same", async () => {
    expect(await codesOf(doing(PAYS, FEE))).toEqual({ outcome: "approved", codes: [] });
  });

  it.each<[string, Json, readonly string[]]>([
    [
      "a transfer to somebody else",
      { ...PAYS, to: STRANGER },
      ["ALLOWLIST_COOLING_OFF", "DESTINATION_ALLOWLIST", "REPEATED_PAYMENT"],
    ],
    ["a transfer of somebody else's", { ...PAYS, from: STRANGER }, ["OWN_FUNDS"]],
    ["a token that calls itself USDT", { ...PAYS, asset: STRANGER }, ["TOKEN_KNOWN"]],
    [
      "an approval without end",
      { type: "approve", asset: "ETH_USDT", from: OWN, to: STRANGER },
      [
        "ALLOWLIST_COOLING_OFF",
        "APPROVALS",
        "NEW_DESTINATION",
        "NO_CALLDATA_ON_TRANSFER",
        "SPENDER_ALLOWLIST",
      ],
    ],
    [
      "a delegatecall",
      { type: "delegatecall", from: OWN, to: STRANGER },
      ["NO_CALLDATA_ON_TRANSFER", "NO_DELEGATECALL"],
    ],
    [
      "another owner",
      { type: "admin", to: STRANGER, method: "swapOwner" },
      ["NO_ADMIN", "NO_CALLDATA_ON_TRANSFER"],
    ],
    [
      "an authorization",
      { type: "admin", to: STRANGER, method: "authorization(EIP-7702)" },
      ["NO_ADMIN", "NO_AUTHORIZATION_LIST", "NO_CALLDATA_ON_TRANSFER"],
    ],
    ["a new contract", { type: "deploy" }, ["NO_CALLDATA_ON_TRANSFER", "NO_DEPLOY"]],
    ["what nobody knows", { type: "unknown" }, ["NO_CALLDATA_ON_TRANSFER", "NO_UNKNOWN_EFFECTS"]],
    [
      "a call that is not listed",
      { type: "call", to: USDT, selector: "0x0753c30c" },
      ["CONTRACT_METHODS", "NO_CALLDATA_ON_TRANSFER"],
    ],
    ["a fee that eats it up", { ...FEE, amount: { ...PAID, units: "30000000000000001" } }, ["FEE_CAP"]],
  ])("refuses %s beside the transfer, wherever it stands", async (_, effect, codes) => {
    for (const effects of [
      [PAYS, FEE, effect],
      [effect, PAYS, FEE],
    ]) {
      const { outcome, codes: found } = await codesOf(doing(...effects));
      expect(outcome).toBe("denied");
      expect(found).toEqual(codes);
    }
  });

  it("refuses bytes of which nobody says what they do, by every rule that asks", async () => {
    const { reasons, alerts } = await judged({ evidence: { status: "verified", key: "verified" } });
    const asking = live.index.rules.filter(
      ({ group, optional, checks }) =>
        group === "transfer" &&
        optional.includes("evidence.effects") &&
        checks.some(({ part }) => part === "require"),
    );
    expect(asking.length).toBeGreaterThan(15);
    const codes = [...reasons, ...alerts].map(({ rule }) => rule);
    expect(codes.sort()).toEqual(asking.map(({ name }) => name).sort());
  });

  it("knows every type of effect that there is", async () => {
    const library = await readFile("policies/lib/effects.rego", "utf8");
    const [, types = ""] = /^types := \{(.*?)^\}/ms.exec(library) ?? [];
    expect([...types.matchAll(/"(\w+)"/g)].map(([, type]) => type).sort()).toEqual([...EFFECT_TYPES].sort());
  });

  it("refuses a key that nobody derives", async () => {
    const { evidence } = doing(PAYS, FEE);
    const unsupported = { ...(evidence as Json), key: "unsupported" };
    expect(await codesOf({ evidence: unsupported })).toEqual({ outcome: "denied", codes: ["KEY_VERIFIED"] });
  });
});
