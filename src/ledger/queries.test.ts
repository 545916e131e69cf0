import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RawBuilder } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LedgerRows, movement, reason, T0 } from "../../test/support/ledger-rows.ts";
import { decisionsQuery } from "./decision-queries.ts";
import { type LedgerReader, openReader } from "./kysely-ledger.ts";
import { LedgerQueries } from "./ledger-queries.ts";
import { findDecision, findDecisions, findTransaction, transactionsQuery } from "./queries.ts";
import type { DecisionFilter } from "./query-types.ts";

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
