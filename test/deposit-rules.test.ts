/**
 * The rules on pushes, and those by which flags matter when a signature is asked for, in the default release with
 * data that fits the published messages: real bytes to documents, real wasm, the reads of the index, the host's
 * combination. What each rule says in Rego alone is in its own tests.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { normalizeConfirmation, normalizePush, type PushContext } from "../src/channels/push/normalize.ts";
import { parsePush } from "../src/channels/push/wire.ts";
import { VerifiedRequest } from "../src/decisions/request.ts";
import { nowMembers } from "../src/input/clock.ts";
import type { Document } from "../src/input/document.ts";
import { knowledgeOf } from "../src/policy/assets.ts";
import type { LiveRelease } from "../src/policy/live.ts";
import { put } from "./fixtures/callbacks/callbacks.ts";
import { enriched, withEmptyHistory } from "./support/dry-run.ts";
import { teamRelease } from "./support/team-release.ts";
import { verdictOf } from "./support/verdict.ts";

type Json = Record<string, unknown>;
type Changes = Readonly<Record<string, unknown>>;

const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/pushes/${name}`, import.meta.url), "utf8");
const VECTORS: readonly { readonly id: string; readonly body: string }[] = JSON.parse(
  fixture("vectors.json"),
);
const body = (id: string): string => VECTORS.find((vector) => vector.id === id)?.body ?? "";

const CUSTODIAL = JSON.parse(fixture("custodial-deposit.json")) as Json;
const MPC = JSON.parse(fixture("mpc-deposit.json")) as Json;
const CONFIRMATION = JSON.parse(body("P1")) as Json;
const WITHDRAWAL = JSON.parse(body("P2")) as Json;

/** A withdrawal of an MPC wallet that waits for its confirmation: no chain, no wallet, no source. */
const MPC_CONFIRMATION: Json = {
  cobo_id: "20240117111135000139405000001777",
  request_id: "request-1",
  status: 101,
  coin_detail: { coin: "GETH", display_code: "GETH", description: "Goerli", decimal: 18 },
  amount_detail: { amount: "12345", abs_amount: "0.000000000000012345" },
  source_addresses: "",
  from_address: "",
  to_address: "0x9414933Ff7777bb28cA22D15c178596A6e58d957",
  tx_hash: "",
  nonce: null,
  transaction_type: 102,
  operation: 100,
};

const OURS = "TZAt997umXasPUfxUZYKQKcGwjmYpJzX6V";
const SENDER = "TWDchZBmYvTQBeXD4w8rRUowDv5ka8kiFU";
const OURS_MPC = "2N2xFZtbCFB6Nb3Pj9Sxsx5mX2fxX3yEgkE";
const PAYEE = "0x9414933ff7777bb28ca22d15c178596a6e58d957";
const LISTED = { name: "payee", added_at: "1735689600000" };

/** What a team writes down whose coins are those of the published messages. */
const FITTING = {
  modes: {},
  "tokens.XTN": { chain: "XTN", decimals: 8 },
  "tokens.GETH": { chain: "GETH", decimals: 18 },
  "chains.XTN": { family: "bitcoin" },
  "chains.GETH": { family: "evm", id: 5 },
  "deposits.tokens.TRON": { dust: "0", usual: "1000", review: "1000" },
  "deposits.tokens.XTN": { dust: "546", usual: "100000", review: "1000000" },
  "deposits.chains.XTN": { confirmations: "3", memo_required: false },
  "allowlist.GETH": { [PAYEE]: LISTED },
  "allowlist.BTC": { "3DPAyjXaYtBfZMbY8XVEUQShr2fYu9MMcg": LISTED },
  "limits.per_transaction.GETH": "1000000",
  "limits.confirmations": {
    window: "24h",
    usd_micros: "1000",
    count: "5",
    units: { GETH: "1000000" },
  },
  "limits.flagged": { dust: "1000000", pooled: "10000000000" },
  wallets: { pool: { pooled: true } },
};

let live: LiveRelease;

beforeAll(async () => {
  live = await teamRelease(FITTING);
}, 120_000);

afterAll(async () => {
  await live?.engine.close();
});

function changed(message: Json, changes: Changes): Uint8Array {
  const copy = structuredClone(message);
  for (const [path, value] of Object.entries(changes)) put(copy, path, value);
  return Buffer.from(JSON.stringify(copy));
}

function context(): PushContext {
  const now = nowMembers(1_756_953_990_112, "UTC");
  return { source: "prod", receivedAt: now.ms, now, identity: "0".repeat(64), ...knowledgeOf(live.hostData) };
}

/** As the server completes it: prices, lists, and history in which nothing ever happened. */
function complete(document: Document, changes: Changes = {}): Document {
  const named = { ...enriched(document), lists: { sanctions: {}, own_addresses: { [OURS]: {} } } };
  const request = new VerifiedRequest({
    ...{ input: { document: named, raw: "{}" }, identity: "0".repeat(64), participants: [] },
    ...{ startedAt: performance.now(), normalizeMs: 0 },
  });
  const { document: known } = withEmptyHistory(request, live);
  const whole: Document = structuredClone(known);
  for (const [path, value] of Object.entries(changes)) put(whole as unknown as Json, path, value);
  return whole;
}

interface Found {
  readonly flags: readonly string[];
  readonly notes: readonly string[];
}

/** What the rules find of a push, as `rule CODE`. */
async function findings(message: Json, said: Changes = {}, known: Changes = {}): Promise<Found> {
  const { document } = normalizePush(parsePush(changed(message, said), "either"), context());
  return found(complete(document, known));
}

async function found(document: Document): Promise<Found> {
  const { outcome, reasons, alerts } = await verdictOf(live, document);
  expect(outcome).not.toBe("failed");
  const words = (all: readonly { readonly rule?: string; readonly code: string }[]) =>
    all.flatMap(({ rule, code }) => (rule === undefined ? [] : [`${rule} ${code}`]));
  return { flags: words(reasons), notes: words(alerts) };
}

const CLEAR: Found = { flags: [], notes: [] };

describe("the published messages, with data that fits", () => {
  it("the custodial deposit is clear", async () => {
    expect(await findings(CUSTODIAL)).toEqual(CLEAR);
  });

  it("the MPC deposit is clear, which comes from the address that it pays", async () => {
    expect(await findings(MPC, {}, { "lists.own_addresses": { [OURS_MPC]: {} } })).toEqual(CLEAR);
  });

  it("the withdrawal is clear", async () => {
    expect(await findings(WITHDRAWAL)).toEqual(CLEAR);
  });

  it("without data that fits, each rule says what it lacks", async () => {
    const { flags } = await findings(MPC, { "coin_detail.coin": "XX", "coin_detail.chain_code": "XX" });
    expect([...flags].sort()).toEqual([
      "deposit/address_ours ADDRESS_NOT_OURS",
      "deposit/memo MEMO_MISSING",
      "deposit/threshold THRESHOLD_LOW",
      "deposit/token_known TOKEN_UNKNOWN",
    ]);
  });
});

const SANCTIONED = { "lists.sanctions": { [SENDER]: { name: "somebody" } } };

describe("a deposit is flagged", () => {
  it.each<[string, Changes, Changes, readonly string[]]>([
    ["from a listed address", {}, SANCTIONED, ["deposit/sanctions SANCTIONED_SOURCE"]],
    [
      "from a listed address among several",
      { source_address_detail: `${SENDER},TRU4LrZjwpSz1dPCgRwp8QPiQ6CMyCEb2K` },
      SANCTIONED,
      ["deposit/sanctions SANCTIONED_SOURCE"],
    ],
    [
      "while the list is not loaded",
      {},
      { "lists.sanctions": undefined },
      ["deposit/sanctions SANCTIONED_SOURCE"],
    ],
    ["in other decimals", { decimal: 7, abs_amount: "0.0000001" }, {}, ["deposit/decimals DECIMALS_DIFFER"]],
    ["of dust", { amount: "0", abs_amount: "0" }, {}, ["deposit/dust DUST"]],
    [
      "from an address that looks like the one it pays",
      { source_address: "TZAtXXXXXXXXXXXXXXXXXXXXXXXXpJzX6V", source_address_detail: "" },
      {},
      ["deposit/look_alike LOOK_ALIKE"],
    ],
    [
      "with fewer confirmations than it takes",
      { confirmed_num: 26 },
      {},
      ["deposit/threshold CONFIRMATIONS_MISSING"],
    ],
    ["below the release's threshold", { confirming_threshold: 18 }, {}, ["deposit/threshold THRESHOLD_LOW"]],
    [
      "with 0 confirmations of 0",
      { confirmed_num: 0, confirming_threshold: 0 },
      {},
      ["deposit/threshold CONFIRMATIONS_MISSING", "deposit/threshold THRESHOLD_LOW"],
    ],
    [
      "to an address that is not ours",
      {},
      { "lists.own_addresses": {} },
      ["deposit/address_ours ADDRESS_NOT_OURS"],
    ],
    [
      "while our addresses are not loaded",
      {},
      { "lists.own_addresses": undefined },
      ["deposit/address_ours ADDRESS_NOT_OURS", "deposit/internal INTERNAL_CLAIM"],
    ],
    [
      "of more than its address ever got",
      { amount: "1001", abs_amount: "0.001001" },
      {},
      ["deposit/usual UNUSUAL_AMOUNT"],
    ],
    [
      "of more than ten times the mean",
      { amount: "20001", abs_amount: "0.020001" },
      { "facts.usual": { received: { [OURS]: "6000" }, number: { [OURS]: "3" } } },
      ["deposit/usual UNUSUAL_AMOUNT"],
    ],
    [
      "in parts below what is reviewed",
      { amount: "400", abs_amount: "0.0004" },
      { "facts.structuring": { sent: { [SENDER]: "600" }, number: { [SENDER]: "2" } } },
      ["deposit/structuring STRUCTURING"],
    ],
    ["said to be internal, from a stranger", { type: "internal" }, {}, ["deposit/internal INTERNAL_CLAIM"]],
    [
      "said to be external, from us",
      {},
      { "lists.own_addresses": { [OURS]: {}, [SENDER]: {} } },
      ["deposit/internal INTERNAL_CLAIM"],
    ],
  ])("%s", async (_, said, known, flags) => {
    expect(await findings(CUSTODIAL, said, known)).toEqual({ flags, notes: [] });
  });

  it("of a coin that poses as another, once a day, and by no rule that can't know more", async () => {
    const posing = { coin: "TRON_X", display_code: "USDT", decimal: 18, abs_amount: "0.000000000000000001" };
    expect(await findings(CUSTODIAL, posing)).toEqual({
      flags: ["deposit/token_known TOKEN_UNKNOWN"],
      notes: [],
    });
    expect(live.index.rules.find(({ name }) => name === "deposit/token_known")?.flag_once).toBe("token_day");
    const { document } = normalizePush(parsePush(changed(CUSTODIAL, posing), "either"), context());
    const asked = { ...complete(document), explain: ["deposit/token_known"] };
    const words = await live.engine.evaluate("countersign/explain", JSON.stringify(asked));
    expect(JSON.stringify(words)).toMatch(/has the name of [^"]*TRON_USDT[^"]* and is not it/);
  });

  it("from a denied address, whose chain the entry need not name", async () => {
    const denied = "0x66f820a414680b5bcda5eeca5dea238543f42054";
    const said = { source_address: denied, source_address_detail: denied };
    expect((await findings(CUSTODIAL, said)).flags).toEqual(["deposit/denied_source DENIED_SOURCE"]);
  });

  it("of a single token of no listed collection", async () => {
    const single = {
      nft_detail: { nft_code: "APE", token_id: "7", chain_code: "XTN", contract_address: "0xc1" },
      amount_detail: { amount: "0", abs_amount: "0", nft_amount: 1 },
    };
    const { flags } = await findings(MPC, single, { "lists.own_addresses": { [OURS_MPC]: {} } });
    expect([...flags].sort()).toEqual(["deposit/nft NFT_UNLISTED", "deposit/token_known TOKEN_UNKNOWN"]);
  });

  it("that left its chain: after `success`, and before that noted", async () => {
    const ours = { "lists.own_addresses": { [OURS_MPC]: {} } };
    const gone = (previously: string) =>
      findings(MPC, { status: 902 }, { ...ours, "deposit.previously": previously });
    const notes = ["deposit/reorganized REORGANIZED"];
    expect(await gone("success")).toEqual({
      flags: ["deposit/reorganized REORGANIZED_AFTER_SUCCESS"],
      notes,
    });
    expect(await gone("confirming")).toEqual({ flags: [], notes });
    expect(await findings(MPC, { status: 902 }, ours)).toEqual({ flags: [], notes });
  });
});

describe("a deposit is noted, and no more", () => {
  it("without a sender", async () => {
    expect(await findings(CUSTODIAL, { source_address: "", source_address_detail: "" })).toEqual({
      flags: [],
      notes: ["deposit/source_stated SOURCE_STATED"],
    });
  });

  it("with a memo that nobody asks for", async () => {
    expect(await findings(CUSTODIAL, { memo: "7" })).toEqual({
      flags: [],
      notes: ["deposit/memo MEMO_UNEXPECTED"],
    });
  });
});

describe("a withdrawal", () => {
  const SOURCE = "bc1q46uh8ywdq22p7dhzkwxg49v5guvpx9kwgrjzlm";

  it.each<[string, Changes, Changes, Found]>([
    [
      "to somebody else",
      { address: "3EktnHQD7RiAE6uzMj2ZifT9YgRrkSgzQX" },
      {},
      { flags: ["withdrawal/destination_allowlist DESTINATION_ALLOWLIST"], notes: [] },
    ],
    [
      "from a listed address",
      {},
      { "lists.sanctions": { [SOURCE]: {} } },
      { flags: ["withdrawal/sanctions SANCTIONED_PARTY"], notes: [] },
    ],
    [
      "that cost more than the cap",
      {},
      { "deposit.fee.usd_micros": "50000001" },
      { flags: ["withdrawal/fee_cap FEE_CAP"], notes: [] },
    ],
    ["that failed", { status: "failed" }, {}, { flags: [], notes: ["withdrawal/succeeded FAILED"] }],
  ])("%s", async (_, said, known, expected) => {
    expect(await findings(WITHDRAWAL, said, known)).toEqual(expected);
  });

  it("made outside Cobo", async () => {
    const told = {
      ...{ request_id: "request-1", transaction_type: 107, operation: 100 },
      ...{
        to_address: PAYEE,
        coin_detail: { ...(MPC_CONFIRMATION["coin_detail"] as Json), chain_code: "GETH" },
      },
      amount_detail: { amount: "12345", abs_amount: "0.000000000000012345" },
    };
    expect(await findings(MPC, told)).toEqual({ flags: ["withdrawal/made_inside MADE_OUTSIDE"], notes: [] });
    expect(await findings(MPC, { ...told, transaction_type: 102 })).toEqual(CLEAR);
  });
});

describe("a confirmation", () => {
  const asked = async (message: Json, said: Changes = {}, known: Changes = {}) => {
    const { document } = normalizeConfirmation(parsePush(changed(message, said), "either"), context());
    // Nobody quotes the coin of a test network here: what it is worth is written in.
    const priced = { "transaction.total_usd_micros": "500", ...known };
    const { outcome, reasons } = await verdictOf(live, complete(document, priced));
    return { outcome, codes: reasons.map(({ code }) => code).sort() };
  };

  it.each<[string, Json]>([
    ["of a custodial wallet", CONFIRMATION],
    ["of an MPC wallet", MPC_CONFIRMATION],
  ])("%s is approved to a listed destination", async (_, message) => {
    expect(await asked(message)).toEqual({ outcome: "approved", codes: [] });
  });

  it.each<[string, Changes, Changes, string, readonly string[]]>([
    [
      "to somebody else",
      { address: "0x66f820a414680b5bcda5eeca5dea238543f42054" },
      {},
      "denied",
      ["ALLOWLIST_COOLING_OFF", "DESTINATION_ALLOWLIST"],
    ],
    [
      "of too much",
      { amount: "1000001", abs_amount: "0.000000000001000001" },
      {},
      "denied",
      ["AMOUNT_CAP", "CONFIRMATION_TOKEN_LIMIT"],
    ],
    ["to a listed address", {}, { "lists.sanctions": { [PAYEE]: {} } }, "denied", ["SANCTIONS"]],
    [
      "of too many dollars",
      {},
      { "facts.confirmation_limits.spent": "501" },
      "denied",
      ["CONFIRMATION_LIMIT"],
    ],
    [
      "of too much with what left before",
      {},
      { "facts.confirmation_limits.units": { GETH: "990000" } },
      "denied",
      ["CONFIRMATION_TOKEN_LIMIT"],
    ],
    ["after too many", {}, { "facts.confirmation_limits.made": "5" }, "held", ["CONFIRMATION_COUNT"]],
    ["without a price", {}, { "transaction.total_usd_micros": undefined }, "denied", ["CONFIRMATION_LIMIT"]],
    [
      "a second time",
      {},
      {
        "facts.repeated_payment.number": { [PAYEE]: "1" },
        "facts.repeated_payment.total": { [PAYEE]: "12345" },
        "facts.repeated_payment.last": { [PAYEE]: "1756953990000" },
      },
      "held",
      ["REPEATED_PAYMENT"],
    ],
    [
      "to who only ever sent dust",
      {},
      {
        "facts.flagged_recipient.flags": {
          [PAYEE]: {
            known: true,
            open: [{ id: "f", severity: "low", rule: "deposit/dust", role: "sender", transaction: "t" }],
          },
        },
      },
      "denied",
      ["FLAGGED_RECIPIENT"],
    ],
  ])("%s is not", async (_, said, known, outcome, codes) => {
    expect(await asked(CONFIRMATION, said, known)).toEqual({ outcome, codes });
  });

  it("of a coin that nobody knows is not, nor of a contract call", async () => {
    expect((await asked(CONFIRMATION, { coin: "XX" })).codes).toContain("TOKEN_KNOWN");
    expect(await asked(MPC_CONFIRMATION, { operation: 200, transaction_type: 303 })).toMatchObject({
      outcome: "unapproved",
    });
  });

  it("approves no signature", async () => {
    const { document } = normalizeConfirmation(parsePush(changed(CONFIRMATION, {}), "either"), context());
    const signing = complete(document, {
      kind: "transaction_signing",
      "transaction.total_usd_micros": "500",
    });
    const { outcome, approvals } = await verdictOf(live, signing);
    expect(outcome).toBe("denied");
    expect(approvals).toEqual([]);
  });
});

describe("flags, when a signature is asked for", () => {
  const OWN = "0xdc05cb2b67b790903807bf106148a1a62b048b30";
  const COLD_WALLET = "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f";
  const flag = (members: Json = {}) => ({
    ...{ id: "f_1", severity: "critical", rule: "deposit/sanctions", role: "paid_into", transaction: "t" },
    ...members,
  });
  const worth = (usd: string) => ({ amount: { token: "ETH", units: "1", usd_micros: usd } });

  /** The codes by which a transfer is refused that pays nobody anything else is known of. */
  const refusals = async (
    sources: readonly Json[],
    recipient: readonly Json[] = [],
    paid = "0",
    wallet = "w",
  ) => {
    const amount = { token: "ETH", units: "1", decimals: 18, text: "0.000000000000000001", usd_micros: "1" };
    const { reasons } = await verdictOf(live, {
      ...{ version: 1, kind: "transaction_signing", group: "transfer", channel: "tss.v2" },
      request: { id: "r", source: "node-1", received_at: 1_756_953_990_112 },
      now: nowMembers(1_756_953_990_112, "UTC"),
      wallet: { id: wallet },
      transaction: {
        ...{ type: "Withdrawal", chain: "ETH", token: "ETH", sources: [{ address: OWN }] },
        destinations: [{ address: COLD_WALLET, amount }],
      },
      facts: {
        flagged_funds: { flags: { [OWN]: { known: true, open: sources } } },
        flagged_recipient: {
          flags: { [COLD_WALLET]: { known: true, open: recipient } },
          paid: { [COLD_WALLET]: paid },
        },
      },
    });
    return reasons.map(({ code }) => code).filter((code) => code.startsWith("FLAGGED"));
  };

  it("a flagged deposit is not spent", async () => {
    expect(await refusals([])).toEqual([]);
    expect(await refusals([flag()])).toEqual(["FLAGGED_FUNDS"]);
    expect(await refusals([flag(worth("1000000"))])).toEqual(["FLAGGED_FUNDS"]);
    expect(await refusals([flag({ severity: "high", rule: "UNDECIDED" })])).toEqual(["FLAGGED_FUNDS"]);
    expect(await refusals([flag({ severity: "medium", rule: "deposit/usual" })])).toEqual([]);
    expect(await refusals([flag({ role: "sender" })])).toEqual([]);
  });

  it("a thousand times dust from a listed address stops nothing, and hides nothing", async () => {
    const dust = Array.from({ length: 1000 }, (_, at) => flag({ id: `f_${at}`, ...worth(String(at)) }));
    expect(await refusals(dust)).toEqual([]);
    expect(await refusals([...dust, flag(worth("1000000"))])).toEqual(["FLAGGED_FUNDS"]);
  });

  it("a pooled wallet is held by what is worth much, or nobody knows what", async () => {
    expect(await refusals([flag(worth("9999999999"))], [], "0", "pool")).toEqual([]);
    expect(await refusals([flag(worth("10000000000"))], [], "0", "pool")).toEqual(["FLAGGED_FUNDS"]);
    expect(await refusals([flag()], [], "0", "pool")).toEqual(["FLAGGED_FUNDS"]);
  });

  it("who only ever sent dust is not paid, unless they were before", async () => {
    const dust = flag({ severity: "low", rule: "deposit/dust", role: "sender" });
    expect(await refusals([], [dust])).toEqual(["FLAGGED_RECIPIENT"]);
    expect(await refusals([], [dust], "1")).toEqual([]);
    expect(await refusals([], [flag({ role: "sender", severity: "medium", rule: "deposit/usual" })])).toEqual(
      [],
    );
  });
});
