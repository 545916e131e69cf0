import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Run, run as runAlone } from "../../test/support/command.ts";
import { runInside } from "../../test/support/command-inside.ts";
import { enriched, withEmptyHistory } from "../../test/support/dry-run.ts";
import { BUNDLES, Installation } from "../../test/support/installation.ts";
import { LedgerRows, movement, reason, T0 } from "../../test/support/ledger-rows.ts";
import { normalize } from "../channels/tss/normalize.ts";
import { parseCallback } from "../channels/tss/wire.ts";
import { VerifiedRequest } from "../decisions/request.ts";
import { see } from "../evidence/evidence.ts";
import { canonicalJson } from "../input/canonical-json.ts";
import { nowMembers } from "../input/clock.ts";
import { openCheckpoints } from "../ledger/checkpoint.ts";
import { activate } from "../policy/activate.ts";
import { knowledgeOf } from "../policy/assets.ts";
import type { LiveRelease } from "../policy/live.ts";
import { proverOf } from "../proof/prove.ts";

let installation: Installation;
let config = "";
let rows: LedgerRows;
const path = (name: string) => join(installation.folder, name);

function run(...options: string[]): Promise<Run> {
  return runOn(config, ...options);
}

function runOn(file: string, ...options: string[]): Promise<Run> {
  return runInside(...options, "--config", file);
}

/** A request of the demo as the ledger keeps it: with prices, lists and what its rules had asked of history. */
function bodyOf(name: string, live: LiveRelease): { token: string; document: string } {
  const bytes = readFileSync(`bundles/demo/requests/${name}.json`);
  const parsed = parseCallback(bytes, "v2");
  if (parsed.type === "ping") throw new Error("a ping has no document");
  const now = nowMembers(T0, "UTC");
  const knowledge = knowledgeOf(live.hostData);
  const normalized = normalize(parsed, { source: "node-1", receivedAt: T0, now, ...knowledge });
  const request = new VerifiedRequest({
    input: { document: enriched(see(normalized, knowledge)), raw: normalized.raw },
    identity: parsed.identity,
    participants: [],
    startedAt: 0,
    normalizeMs: 0,
  });
  const claims = Buffer.from(JSON.stringify({ package_data: bytes.toString("base64"), exp: 1 }));
  return {
    token: `e30.${claims.toString("base64url")}.c2ln`,
    document: withEmptyHistory(request, live).text,
  };
}

beforeAll(async () => {
  installation = new Installation();
  config = installation.writeConfig();
  mkdirSync(path("state"));
  rows = await LedgerRows.create(path("state/ledger.db"));
  const bytes = new Uint8Array(readFileSync(join(BUNDLES, "demo.tar.gz")));
  const live = await activate(bytes, {
    trust: "unsigned",
    source: "demo",
    prover: proverOf(),
    evaluationMs: 2_000,
  });
  const listed = bodyOf("listed-transfer", live);
  const unlisted = bodyOf("unlisted-transfer", live);
  await live.engine.close();
  const refused = reason({
    rule: "transfer/destination_allowlist",
    code: "DESTINATION_ALLOWLIST",
    message: "0xdd is not listed\u001b[2J",
    absent: ["transaction.destinations[].memo"],
  });
  const fresh = reason({
    rule: "transfer/allowlist_cooling_off",
    code: "ALLOWLIST_COOLING_OFF",
    consequence: "hold",
  });
  rows.decision({
    id: "d_listed",
    body: listed,
    movements: [movement({ units: "5", usd_micros: "12340000" })],
    facts: { daily_limit: { spent: "7" } },
  });
  rows.decision({ id: "d_unlisted", body: unlisted, outcome: "denied", reasons: [refused, fresh] });
  rows.decision({ id: "d_wrong", body: unlisted, outcome: "approved" });
  rows.decision({ id: "d_strict", body: listed, outcome: "denied", reasons: [reason()] });
  rows.decision({ id: "d_words", body: unlisted, outcome: "denied", reasons: [reason()] });
  rows.decision({ id: "d_failed", body: listed, outcome: "failed", reasons: [reason({ code: "INTERNAL" })] });
  const { rule: _, ...frozen } = reason({ code: "FROZEN", message: "all is frozen" });
  rows.decision({ id: "d_frozen", body: listed, outcome: "denied", reasons: [frozen] });
  rows.decision({ id: "d_other", body: { token: "t", document: "{}" } });
  const checkpoints = await openCheckpoints(path("state"));
  await rows.checkpoint(checkpoints);
  await checkpoints.close();
});
afterAll(async () => {
  rows.close();
  await installation.remove();
});

describe("ledger verify", () => {
  test("0 where all is good, beside an open writer", async () => {
    const { code, out } = await run("ledger", "verify");
    expect(out).toMatch(/^good: 8 entries, 3 movements, 1 checkpoints\n/);
    expect(code).toBe(0);
    const { out: json } = await run("ledger", "verify", "--json");
    expect(JSON.parse(json)).toMatchObject({ ok: true, rows: 8, head: { seq: 8 }, anchored: { seq: 8 } });
  });

  test("1 and the entry where it is not; 2 for an anchor that is not there", async () => {
    rows.run("UPDATE entries SET outcome = 'approved' WHERE seq = 2");
    const { code, out } = await run("ledger", "verify");
    rows.run("UPDATE entries SET outcome = 'denied' WHERE seq = 2");
    expect(out).toMatch(/^entry 2: its columns differ from its row: outcome\nBAD: /);
    expect(code).toBe(1);
    expect((await run("ledger", "verify", "--anchor", path("nowhere"))).code).toBe(2);
  });

  test("against an anchor kept elsewhere", async () => {
    const anchor = readFileSync(path("state/anchor"), "utf8");
    writeFileSync(path("kept"), anchor.replace("\n", "x\n"));
    expect(await run("ledger", "verify", "--anchor", path("kept"))).toMatchObject({
      code: 1,
      out: expect.stringMatching(/the anchor: the checkpoint of entry 8 is not signed by this key/),
    });
  });
});

test("ledger export: to standard output or to a new file", async () => {
  // In a process of its own, whose standard output it is.
  const { code, out } = await runAlone("ledger", "export", "--since", String(T0 + 7_000), "--config", config);
  expect(code).toBe(0);
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map((line) => line.seq ?? Object.keys(line)[0])).toEqual(["type", 7, 8, "checkpoint"]);
  expect(await run("ledger", "export", "-o", path("out.jsonl"))).toMatchObject({
    code: 0,
    out: `${path("out.jsonl")}: 8 entries\n`,
  });
  expect((await run("ledger", "export", "-o", path("out.jsonl"))).code).toBe(2);
  expect((await run("ledger", "export", "--since", "yesterday")).code).toBe(2);
  expect((await run("ledger", "export", "--json")).code).toBe(2);
});

test("ledger backup: a copy that verifies by itself, never over another", async () => {
  const copy = path("copy.db");
  expect(await run("ledger", "backup", "-o", copy)).toMatchObject({
    code: 0,
    out: `${copy}: 8 entries, verified\n`,
  });
  expect(existsSync(`${copy}.anchor`)).toBe(true);
  expect((await run("ledger", "verify", "--file", copy)).code).toBe(0);
  expect((await run("ledger", "backup", "-o", copy)).code).toBe(1);
});

describe("explain", () => {
  test("a refusal: what was asked, every reason, what to do; nothing of it steers the terminal", async () => {
    const { code, out } = await run("explain", "d_unlisted");
    expect(code).toBe(0);
    expect(out).toMatch(/^DENIED {2}transaction signing {2}d_unlisted\n/);
    expect(out).toMatch(/asked {5}2025-10-09T08:53:22.000Z by node-1, request request-2\n/);
    expect(out).toMatch(/ to 0x[0-9a-f]{40}: [0-9.]+ /);
    expect(out).toMatch(/refused {3}DESTINATION_ALLOWLIST {2}transfer\/destination_allowlist {2}high\n/);
    expect(out).toContain("not in the request: transaction.destinations[].memo");
    expect(out).toMatch(/release {3}test, sequence 3/);
    expect(out).toMatch(/\nnext {6}a rule could not see/);
    expect(out).not.toContain("\u001b");
  });

  test("what a freeze refused: how it is lifted, once its cause is gone", async () => {
    const { out } = await run("explain", "d_frozen");
    expect(out).toMatch(/next {6}a freeze is in force, .*countersign unfreeze ID --reason WHY/);
  });

  test("an answer to a request that could not be read, which is no decision", async () => {
    const other = new Installation();
    try {
      mkdirSync(join(other.folder, "state"));
      const ledger = await LedgerRows.create(join(other.folder, "state/ledger.db"));
      const refusal = {
        type: "refusal",
        id: "d_unread",
        at: T0,
        source: "node-1",
        request_id: "request-9",
        code: "REQUEST_SCHEMA",
        message: "an amount \u001b is not a plain decimal",
        token_sha256: "0".repeat(64),
      } as const;
      ledger.add({ type: "refusal", id: refusal.id, at: T0, row: canonicalJson(refusal) });
      ledger.close();
      const { code, out } = await runOn(other.writeConfig(), "explain", "d_unread");
      expect(code).toBe(0);
      expect(out).toMatch(/^REFUSAL {2}d_unread\n/);
      expect(out).toContain("code      REQUEST_SCHEMA");
      expect(out).toContain("an amount   is not a plain decimal");
      expect(out).toMatch(/next {6}nothing was decided, and nothing approved/);
    } finally {
      await other.remove();
    }
  });

  test("an approval: history, movements and their state", async () => {
    const { out } = await run("explain", "d_listed");
    expect(out).toMatch(/^APPROVED/);
    expect(out).toContain('history   daily_limit: {"spent":"7"}');
    expect(out).toMatch(/moves {5}out 5 units of ETH_USDT to 0xbb, 12.34 USD: reserved/);
    const { out: json } = await run("explain", "d_listed", "--json");
    expect(JSON.parse(json)).toMatchObject({
      seq: 1,
      decision: { id: "d_listed" },
      movements: [{ units: "5" }],
    });
  });

  test("1 for a decision that is not there", async () => {
    expect(await run("explain", "d_none")).toMatchObject({
      code: 1,
      errors: "d_none: the ledger has nothing of this id\n",
    });
  });
});

describe("replay", () => {
  test("what another release would have changed, by rule, with examples; 0 whatever that is", async () => {
    const { code, out } = await run("replay", "--release", "bundles/demo.tar.gz", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      replayed: 5,
      same: 2,
      newly_approved: { count: 1, by_rule: [{ code: "DAILY_LIMIT", count: 1, examples: ["d_strict"] }] },
      newly_refused: {
        count: 1,
        by_rule: [
          { code: "ALLOWLIST_COOLING_OFF", examples: ["d_wrong"] },
          { code: "DESTINATION_ALLOWLIST", examples: ["d_wrong"] },
        ],
      },
      other_reasons: {
        count: 1,
        by_rule: [
          { code: "ALLOWLIST_COOLING_OFF", count: 1, examples: ["d_words"] },
          { code: "DAILY_LIMIT", count: 1 },
          { code: "DESTINATION_ALLOWLIST", count: 1 },
        ],
      },
      failed: { count: 0 },
      ...{ failed_then: 1, refused_by_host: 1, pruned: 0, unreadable: 1 },
    });
  });

  test("for people, the newest alone, and wrong usage", async () => {
    const { out } = await run("replay", "--release", "bundles/demo.tar.gz", "--limit", "5");
    expect(out).toMatch(/^release .*: 2 decisions judged again, 0 the same\n1 newly approved/);
    expect((await run("replay", "--release", "bundles/demo.tar.gz", "--limit", "0")).code).toBe(2);
    expect((await run("replay", "--release", "/nowhere")).code).toBe(2);
  });
});

test("2 where there is no ledger", async () => {
  const other = new Installation();
  const before = config;
  config = other.writeConfig();
  for (const command of [
    ["ledger", "verify"],
    ["ledger", "export"],
    ["ledger", "backup", "-o", "x"],
  ]) {
    expect((await run(...command)).code).toBe(2);
  }
  expect((await run("explain", "d_1")).code).toBe(2);
  config = before;
  await other.remove();
});
