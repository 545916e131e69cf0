import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RawBuilder } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flag, LedgerRows, movement, reason, T0 } from "../../test/support/ledger-rows.ts";
import { decisionsQuery } from "./decision-queries.ts";
import { flagsQuery, transactionFlagsQuery } from "./flag-queries.ts";
import { type LedgerReader, openReader } from "./kysely-ledger.ts";
import { LedgerQueries } from "./ledger-queries.ts";
import {
  findDecision,
  findDecisions,
  findEntry,
  findFlags,
  findTransaction,
  transactionsQuery,
} from "./queries.ts";
import type { DecisionFilter, FlagFilter } from "./query-types.ts";

const folder = mkdtempSync(join(tmpdir(), "queries-"));
const FILE = join(folder, "ledger.db");
let rows: LedgerRows;
let reader: LedgerReader;

const packageData = Buffer.from('{"request_id":"asked","extra":12345678901234567890}').toString("base64");
const claims = Buffer.from(JSON.stringify({ package_data: packageData, exp: 17 })).toString("base64url");

/** 60 decisions, a second apart; each third refused, each fifth of wallet-2; then one with all there can be. */
beforeAll(async () => {
  rows = await LedgerRows.create(FILE);
  rows.all(() => {
    for (let i = 1; i <= 60; i += 1) {
      const wallet = i % 5 === 0 ? "wallet-2" : "wallet-1";
      const denied = { outcome: "denied" as const, reasons: [reason()], alerts: [reason({ code: "SOFT" })] };
      rows.decision({ wallet, requestId: `request-${i % 50}`, ...(i % 3 === 0 ? denied : {}) });
    }
    rows.decision({
      id: "d_full",
      names: ["transaction:full", "cobo:c-1", "request:shared"],
      movements: [movement({ nonce: "7" }), movement({ token: "ETH" })],
      body: { token: `e30.${claims}.c2ln`, document: '{"wallet":{"id":"wallet-1"}}' },
    });
    rows.decision({ names: ["transaction:full"], outcome: "denied", reasons: [reason()] });
    rows.decision({ organization: "org-2", names: ["request:shared"] });
  });
  const numbers = rows.database
    .prepare("SELECT number FROM movements WHERE entry = 61")
    .raw(true)
    .all()
    .flat();
  const released = { movements: numbers.map(Number), state: "released" as const };
  rows.other("act", { act: "accept_price", reason: "real", by: "bob", token: "ETH" });
  rows.other(
    "act",
    { act: "release", reason: "dropped", by: "alice", movements: numbers },
    { transition: released },
  );
  reader = openReader(FILE);
});
afterAll(async () => {
  await reader.kysely.destroy();
  rows.close();
  rmSync(folder, { recursive: true, force: true });
});

async function seqs(filter: DecisionFilter): Promise<number[]> {
  return (await findDecisions(reader, filter)).items.map(({ seq }) => seq);
}

describe("a page of decisions", () => {
  test("is newest first, and the next ones follow without gap or repetition", async () => {
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await findDecisions(reader, { limit: 7, cursor });
      seen.push(...page.items.map(({ seq }) => seq));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 63 }, (_, at) => 63 - at));
  });

  test.each<[string, DecisionFilter, number[]]>([
    ["a time", { since: T0 + 10_000, until: T0 + 13_000 }, [12, 11, 10]],
    ["a time without any", { since: T0 + 900_000 }, []],
    ["a wallet", { wallet: "wallet-2", until: T0 + 16_000 }, [15, 10, 5]],
    ["an outcome", { outcome: "denied", until: T0 + 7_000 }, [6, 3]],
    ["approvals", { outcome: "approved", until: T0 + 5_000 }, [4, 2, 1]],
    ["a rule's name", { rule: "transfer/daily_limit", until: T0 + 7_000 }, [6, 3]],
    ["an alert's code", { rule: "SOFT", until: T0 + 7_000 }, [6, 3]],
    ["a request", { request_id: "request-3" }, [53, 3]],
    ["wallet and outcome", { wallet: "wallet-2", outcome: "denied", until: T0 + 31_000 }, [30, 15]],
    ["wallet and rule", { wallet: "wallet-2", rule: "DAILY_LIMIT", until: T0 + 31_000 }, [30, 15]],
    ["all", { wallet: "wallet-1", rule: "SOFT", outcome: "denied", request_id: "request-3" }, [3]],
    ["what there is none of", { outcome: "held" }, []],
  ])("by %s", async (_name, filter, expected) => {
    expect(await seqs(filter)).toEqual(expected);
  });

  test("an item has what a list shows", async () => {
    const { items } = await findDecisions(reader, { request_id: "request-3", limit: 1 });
    expect(items[0]).toMatchObject({ seq: 53, kind: "transaction_signing", wallet: "wallet-1" });
    expect(items[0]).not.toHaveProperty("facts");
  });

  test.each([
    [{ limit: 0 }, "BAD_LIMIT"],
    [{ limit: 501 }, "BAD_LIMIT"],
    [{ cursor: "nonsense" }, "BAD_CURSOR"],
  ])("%j is refused", async (filter, code) => {
    await expect(findDecisions(reader, filter)).rejects.toMatchObject({ code });
  });
});

test("a decision in full: document, claims and request, movements and what became of them", async () => {
  const full = await findDecision(reader, "d_full");
  expect(full).toMatchObject({
    seq: 61,
    decision: { type: "decision", outcome: "approved" },
    document: { wallet: { id: "wallet-1" } },
    claims: { exp: 17 },
    request: '{"request_id":"asked","extra":12345678901234567890}',
    movements: [
      { state: "released", nonce: "7", sources: ["0xaa"] },
      { state: "released", token: "ETH" },
    ],
    acts: [{ seq: 65, act: "release", by: "alice" }],
  });
  expect(full?.claims).not.toHaveProperty("package_data");
  expect(await findDecision(reader, "d_none")).toBeUndefined();
});

describe("a transaction", () => {
  test.each(["full", "transaction:full", "cobo:c-1", "c-1"])("by %s", async (name) => {
    expect(await findTransaction(reader, name)).toMatchObject({
      transaction: { organization: "org-1", names: ["cobo:c-1", "request:shared", "transaction:full"] },
      decisions: [{ seq: 62 }, { seq: 61 }],
      movements: [{ entry: 61 }, { entry: 61 }],
      acts: [{ act: "release" }],
    });
  });

  test("of two organizations needs one of them", async () => {
    await expect(findTransaction(reader, "shared")).rejects.toMatchObject({ code: "AMBIGUOUS" });
    const found = await findTransaction(reader, "shared", "org-2");
    expect(found?.decisions.map(({ seq }) => seq)).toEqual([63]);
  });

  test("that is not known", async () => {
    expect(await findTransaction(reader, "nobody")).toBeUndefined();
    expect(await findTransaction(reader, "full", "org-2")).toBeUndefined();
  });
});

describe("what pushes tell", () => {
  const FLAGS = join(folder, "flags.db");
  const names = ["cobo:d", "request:b"];
  let told: LedgerReader;
  const idsOf = async (filter: FlagFilter) => (await findFlags(told, filter)).items.map(({ id }) => id);

  /**
   * A deposit that is pushed twice and judged again, and an approval of its sweep's transaction; thirty flags besides,
   * every third of them critical, of which the first ten are resolved.
   */
  beforeAll(async () => {
    const ledger = await LedgerRows.create(FLAGS);
    const both = [
      { kind: "address", value: "0xours", role: "paid_into" },
      { kind: "address", value: "0xours", role: "sender" },
      { kind: "outpoint", value: "hash:1", role: "paid_into" },
    ] as const;
    const raised = flag("g_source", {
      ...{ marks: both, key: "only once", values: { amount: "5" }, severity: "medium" },
      ...{ chain: "ETH", token: "ETH_USDT", units: "5", decimals: 6, usd_micros: "5" },
    });
    const moved = { signing: "ab".repeat(32), movements: [movement({ direction: "in" })] };
    ledger.push({ id: "p_1", names, outcome: "pending", flags: [flag("g_undecided")], ...moved });
    ledger.judgement("p_1", { names, flags: [raised], resolves: ["g_undecided"] });
    ledger.push({
      ...{ id: "p_2", names, message: "\u{feff}{}", reasons: [reason()], outcome: "flagged" },
      transition: { movements: [1], state: "settled" },
    });
    ledger.decision({ names: ["transaction:t", "cobo:d"], takesOver: [1] });
    ledger.run("DELETE FROM bodies WHERE seq = 1");
    ledger.all(() => {
      for (let i = 0; i < 30; i += 1) {
        const severity = i % 3 === 0 ? "critical" : "low";
        const value = `0x${i % 4}`;
        const marks = [{ kind: "address", value, role: "sender" } as const];
        ledger.push({ names: [], flags: [flag(`g_${String(i).padStart(2, "0")}`, { severity, marks })] });
      }
      const ids = Array.from({ length: 10 }, (_, i) => `g_0${i}`);
      const act = { act: "resolve_flag", flag: "g_source", reason: "it is ours", by: "alice" };
      ledger.other("act", act, { resolves: ["g_source"] });
      for (const id of ids) ledger.other("act", { ...act, flag: id }, { resolves: [id] });
    });
    ledger.close();
    told = openReader(FLAGS);
  });
  afterAll(() => told.kysely.destroy());

  test("a page of flags is newest first, and the next ones follow without gap or repetition", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await findFlags(told, { limit: 7, cursor });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    const thirty = Array.from({ length: 30 }, (_, at) => `g_${String(29 - at).padStart(2, "0")}`);
    expect(seen).toEqual([...thirty, "g_source", "g_undecided"]);
  });

  const open = (from: number, step: number) =>
    Array.from({ length: 30 }, (_, at) => 29 - at)
      .filter((at) => at >= 10 && at % step === from)
      .map((at) => `g_${at}`);
  test.each<[string, FlagFilter, string[]]>([
    ["open ones", { state: "open" }, open(0, 1)],
    ["resolved ones", { state: "resolved", limit: 2 }, ["g_09", "g_08"]],
    ["a severity", { severity: "medium" }, ["g_source"]],
    ["a severity that is open", { state: "open", severity: "critical" }, open(0, 3)],
    ["an address, once", { address: "0xours" }, ["g_source", "g_undecided"]],
    ["an outpoint", { address: "hash:1" }, ["g_source"]],
    ["an address's open ones", { address: "0x1", state: "open" }, open(1, 4)],
    ["all", { address: "0x3", state: "resolved", severity: "critical" }, ["g_03"]],
    ["what there is none of", { severity: "high", state: "open" }, []],
  ])("by %s", async (_name, filter, expected) => {
    expect(await idsOf(filter)).toEqual(expected);
  });

  test.each([
    [{ limit: 0 }, "BAD_LIMIT"],
    [{ cursor: "nonsense" }, "BAD_CURSOR"],
  ])("%j is refused", async (filter, code) => {
    await expect(findFlags(told, filter)).rejects.toMatchObject({ code });
  });

  test("a flag says what it is, of what, and who resolved it why", async () => {
    const [found, undecided] = (await findFlags(told, { address: "0xours" })).items;
    expect(found).toEqual({
      ...{ id: "g_source", seq: 2, at: T0 + 2_000, severity: "medium", rule: "deposit/g_source" },
      ...{ code: "SOURCE_LISTED", message: "it comes from a listed address", values: { amount: "5" } },
      marks: expect.arrayContaining([{ kind: "outpoint", value: "hash:1", role: "paid_into" }]),
      ...{ chain: "ETH", token: "ETH_USDT", units: "5", decimals: 6, usd_micros: "5" },
      ...{ transaction: names, state: "resolved" },
      resolved: { seq: 35, at: T0 + 35_000, by: "alice", reason: "it is ours" },
    });
    expect(undecided?.resolved).toEqual({ seq: 2, at: T0 + 2_000, reason: "judged again: release" });
    const [newest] = (await findFlags(told, { limit: 1 })).items;
    expect(newest).toMatchObject({ state: "open", transaction: [] });
    expect(newest).not.toHaveProperty("resolved");
  });

  test.each([
    ["d", undefined],
    ["cobo:d", ""],
    ["cobo:d", "org-1"],
    ["cobo:d", "other"],
    ["request:b", undefined],
    ["transaction:t", "org-1"],
  ])(
    "a transaction by %s, organization %s: its pushes, flags and what was done to them",
    async (name, of) => {
      const found = await findTransaction(told, name, of);
      expect(found).toMatchObject({
        transaction: { number: 1, names: ["cobo:d", "request:b", "transaction:t"] },
        decisions: [{ seq: 4 }],
        movements: [{ state: "released" }, { entry: 4 }],
        flags: [{ id: "g_source" }, { id: "g_undecided" }],
        acts: [{ seq: 35, act: "resolve_flag", flag: "g_source" }],
      });
      expect(found?.pushes).toEqual([
        {
          ...{ id: "p_2", seq: 3, at: T0 + 3_000, channel: "push.custodial", kind: "deposit", late: false },
          ...{ status: "success", readable: true, outcome: "flagged", reasons: [reason()], alerts: [] },
          message: "\u{feff}{}",
        },
        expect.objectContaining({
          ...{ id: "p_1", outcome: "flagged", judged: { seq: 2, at: T0 + 2_000, why: "release" } },
        }),
      ]);
      expect(found?.pushes[1]).not.toHaveProperty("message");
    },
  );

  test("within another organization only Cobo's id is of any", async () => {
    for (const name of ["request:b", "transaction:t"]) {
      expect(await findTransaction(told, name, "other")).toBeUndefined();
    }
    expect((await findTransaction(told, "d"))?.transaction.organization).toBe("org-1");
  });

  test("an entry of a push has the message's body as its request, and its headers as claims", async () => {
    const found = await findEntry(told, "p_2");
    expect(found).toMatchObject({
      request: "\u{feff}{}",
      claims: { signature: "3044", key: "cobo" },
      token: expect.stringMatching(/^push\./),
    });
    expect(await findEntry(told, "p_1")).not.toHaveProperty("request");
  });

  test("and what is no UTF-8 in base64", async () => {
    const ledger = await LedgerRows.create(join(folder, "bytes.db"));
    ledger.push({ id: "p_bytes", names: ["cobo:x"] });
    const token = `push.${Buffer.from('{"timestamp":"1","signature":"","key":""}').toString("base64url")}._w`;
    ledger.run("UPDATE bodies SET token = ? WHERE seq = ?", Buffer.from(token), 1);
    ledger.close();
    const reading = openReader(join(folder, "bytes.db"));
    expect((await findEntry(reading, "p_bytes"))?.request).toBe("/w==");
    expect((await findTransaction(reading, "x"))?.pushes[0]?.message).toBe("/w==");
    await reading.kysely.destroy();
  });

  test("in a thread of its own the same", async () => {
    const queries = new LedgerQueries(FLAGS);
    expect(await queries.flags({ limit: 3 })).toEqual(await findFlags(told, { limit: 3 }));
    await queries.close();
  });
});

async function planOf(query: RawBuilder<unknown>): Promise<string[]> {
  const { sql, parameters } = query.compile(reader.kysely);
  const plan = reader.connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters);
  return plan.map((step) => String(Reflect.get(Object(step), "detail")));
}

describe("no filter scans a table", () => {
  const filters: DecisionFilter[] = [{}];
  for (const [name, value] of Object.entries({
    wallet: "w",
    outcome: "denied",
    rule: "R",
    request_id: "r",
  } as const)) {
    filters.push(...filters.map((filter) => ({ ...filter, [name]: value })));
  }
  filters.push({ outcome: "approved" }, { outcome: "approved", wallet: "w" });

  test.each(filters)("%j", async (filter) => {
    const plan = await planOf(decisionsQuery(filter, { low: 1, high: 100, limit: 10 }));
    expect(plan.filter((step) => step.startsWith("SCAN"))).toEqual([]);
    expect(plan.some((step) => /SEARCH (e|r) USING/.test(step))).toBe(true);
    // Only a request's few decisions are sorted: those of several nodes are.
    if (filter.request_id === undefined) expect(plan.join()).not.toContain("TEMP B-TREE");
  });

  const ofFlags: FlagFilter[] = [{}];
  for (const [name, value] of Object.entries({ address: "a", severity: "low", state: "open" } as const)) {
    ofFlags.push(...ofFlags.map((filter) => ({ ...filter, [name]: value })));
  }
  ofFlags.push({ state: "resolved" }, { state: "resolved", address: "a" });

  test.each(ofFlags)("of flags: %j", async (filter) => {
    const plan = await planOf(flagsQuery(filter, { low: 1, high: 100, limit: 10 }));
    expect(plan.filter((step) => step.startsWith("SCAN"))).toEqual([]);
    expect(plan.some((step) => /SEARCH (f|m) USING/.test(step))).toBe(true);
    expect(plan.join()).not.toContain("TEMP B-TREE");
  });

  test("nor does the list of a transaction's flags", async () => {
    const plan = await planOf(transactionFlagsQuery(1, 10));
    expect(plan.join()).toMatch(/SEARCH f USING INDEX flags_tx/);
    expect(plan.join()).not.toContain("TEMP B-TREE");
  });

  test.each([undefined, "org-1"])("nor does a transaction's name, organization %s", async (organization) => {
    const plan = await planOf(transactionsQuery("x", organization));
    expect(plan.filter((step) => /SCAN (t|transaction_names)/.test(step) && !/min/i.test(step))).toEqual([]);
    expect(plan.join()).toMatch(/SEARCH t USING PRIMARY KEY \(organization=\? AND name=\?\)/);
  });
});

describe("in a thread of its own", () => {
  test("the same answers and the same errors", async () => {
    const queries = new LedgerQueries(FILE);
    const [page, full, transaction] = await Promise.all([
      queries.decisions({ limit: 3 }),
      queries.decision("d_full"),
      queries.transaction("full"),
    ]);
    expect(page).toEqual(await findDecisions(reader, { limit: 3 }));
    expect(full).toEqual(await findDecision(reader, "d_full"));
    expect(transaction).toEqual(await findTransaction(reader, "full"));
    expect(await queries.decision("d_none")).toBeUndefined();
    await expect(queries.transaction("shared")).rejects.toMatchObject({
      name: "QueryError",
      code: "AMBIGUOUS",
    });
    await queries.close();
  });

  test("a ledger that is not there yet is one that can be asked later", async () => {
    const file = join(folder, "later.db");
    const queries = new LedgerQueries(file);
    await expect(queries.decisions({})).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
    (await LedgerRows.create(file)).close();
    expect(await queries.decisions({})).toEqual({ items: [] });
    await queries.close();
  });

  test("what takes too long ends with its thread, and the next question has a new one", async () => {
    const queries = new LedgerQueries(FILE, 1);
    await expect(queries.decisions({})).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
    await queries.close();
    const closed = expect(queries.decisions({})).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
    await queries.close();
    await closed;
  });
});
