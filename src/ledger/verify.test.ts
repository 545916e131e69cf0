import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LedgerRows, movement, reason, T0 } from "../../test/support/ledger-rows.ts";
import { factKey } from "../input/fact-shape.ts";
import { type Anchor, readAnchor } from "./anchor-file.ts";
import { chainHash, GENESIS } from "./chain.ts";
import { openCheckpoints } from "./checkpoint.ts";
import type { Movement } from "./ledger.ts";
import { type Verification, type VerifyOptions, verifyLedger } from "./verify.ts";
import { VerifyThreads } from "./verify-threads.ts";

const folder = mkdtempSync(join(tmpdir(), "verify-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = join(folder, "good.db");
let anchor: Anchor | undefined;
let key: KeyObject;

/** Approvals, refusals, a second node's approval, a failure, an act, and 300 more; checkpoints at 3 and the end. */
beforeAll(async () => {
  const rows = await LedgerRows.create(GOOD);
  const checkpoints = await openCheckpoints(folder);
  rows.other("mark", { mark: "start", message: "" });
  rows.decision({ names: ["transaction:t", "request:r"] });
  rows.decision({ outcome: "denied", reasons: [reason()], alerts: [reason({ code: "SOFT" })] });
  await rows.checkpoint(checkpoints);
  rows.decision({ names: ["transaction:t", "cobo:c"], movements: [movement(), movement({ token: "ETH" })] });
  rows.decision({ outcome: "failed", wallet: "wallet-2" });
  const refused = {
    source: "node-1",
    request_id: "bad",
    code: "REQUEST_SCHEMA",
    message: "",
    token_sha256: "",
  };
  rows.other("refusal", refused);
  const act = { act: "release", reason: "dropped", by: "alice", movements: [3] };
  rows.other("act", act, { transition: { movements: [3], state: "released" } });
  rows.all(() => {
    for (let i = 0; i < 300; i += 1) {
      rows.decision(i % 3 === 0 ? { outcome: "denied", reasons: [reason()] } : { wallet: `wallet-${i % 5}` });
    }
  });
  rows.addUpByWallet((wallet) => factKey([wallet]));
  // What the act released, as the store corrects it.
  const released = [
    Buffer.from(factKey(["wallet-1"]), "hex"),
    T0 + 4_000,
    3,
    7,
    -1,
    "-1000000",
    0,
    "-1000000",
    0,
  ];
  rows.run("INSERT INTO fact_late VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ...released);
  await rows.checkpoint(checkpoints);
  await checkpoints.close();
  rows.run("PRAGMA wal_checkpoint(TRUNCATE)");
  rows.close();
  anchor = await readAnchor(join(folder, "anchor"));
  key = createPublicKey(readFileSync(join(folder, "checkpoint.pub")));
});

/** Tasks in one thread, and ranges of a hundred entries in three. */
const THREADS = [1, 3];
/** To start three for each of hundreds of verifications would take longer than these. */
const shared = new VerifyThreads(3);
afterAll(() => shared.end());

let file = "";
beforeEach(() => {
  mkdirSync(join(folder, "copies"), { recursive: true });
  file = join(folder, "copies", `${Math.random()}.db`);
  copyFileSync(GOOD, file);
});

function verify(options: Partial<VerifyOptions> = {}): Promise<Verification> {
  return verifyLedger(file, { anchor, key, ...options });
}

function edit(...statements: string[]): void {
  const database = new Database(file);
  database.exec("PRAGMA synchronous = OFF");
  for (const statement of statements) database.exec(statement);
  database.close();
}

test.each(THREADS)("a good ledger, %i at once: everything is read and nothing is found", async (threads) => {
  const progress: number[] = [];
  const result = await verify({
    ...{ deep: true, threads },
    progress: (done, total) => progress.push(done, total),
  });
  expect(result.problems).toEqual([]);
  expect(result).toMatchObject({ ok: true, rows: 307, checkpoints: 2, movements: 203, found: 0 });
  expect(result.head?.seq).toBe(307);
  expect(result.anchored).toMatchObject({ seq: 307, hash: result.head?.hash });
  expect(result.bodies).toEqual({ checked: 304, pruned: 0 });
  expect(progress.slice(-2)).toEqual([307, 307]);
});

test("an empty ledger is good; what is written meanwhile is not looked at", async () => {
  rmSync(file);
  const rows = await LedgerRows.create(file);
  expect(await verify({ anchor: undefined, deep: true })).toMatchObject({
    ok: true,
    rows: 0,
    head: undefined,
  });
  rows.all(() => {
    for (let i = 0; i < 5_000; i += 1) rows.decision();
  });
  const written: number[] = [];
  const progress = () =>
    written.push(rows.decision({ outcome: "denied", reasons: [reason({ code: "NEW" })] }));
  expect(await verify({ anchor: undefined, progress })).toMatchObject({ ok: true, rows: 5_000 });
  expect(written).toEqual([5_001, 5_002]);
  rows.close();
  expect(await verify({ anchor: undefined })).toMatchObject({ ok: true, rows: 5_002 });
});

const ROW = "UPDATE entries SET row = ";
describe.each([
  [
    "an edited row",
    [`${ROW}replace(row, '"denied"', '"approved"') WHERE seq = 3`],
    3,
    /hash does not follow/,
  ],
  ["a missing row", ["DELETE FROM entries WHERE seq = 9"], 10, /entry 9 is missing/],
  [
    "swapped rows",
    ["UPDATE entries SET seq = -1 WHERE seq = 8", "UPDATE entries SET seq = 8 WHERE seq = 9"].concat(
      "UPDATE entries SET seq = 9 WHERE seq = -1",
    ),
    8,
    /hash does not follow/,
  ],
  [
    "an inserted row",
    ["INSERT INTO entries (seq, at, type, id, row, hash) VALUES (308, 1, 'mark', 'x', '{}', x'00')"],
    308,
    /hash/,
  ],
  ["time that falls", ["UPDATE entries SET at = 5 WHERE seq = 20"], 20, /earlier/],
  ["another id", ["UPDATE entries SET id = 'd_other' WHERE seq = 20"], 20, /columns differ.*: id/],
  ["another outcome", ["UPDATE entries SET outcome = 'approved' WHERE seq = 3"], 3, /: outcome/],
  ["another request", ["UPDATE entries SET request_id = 'other' WHERE seq = 3"], 3, /: request_id/],
  ["another source", ["UPDATE entries SET source = 'node-2' WHERE seq = 3"], 3, /: source/],
  ["another identity", ["UPDATE entries SET identity = zeroblob(32) WHERE seq = 3"], 3, /: identity/],
  ["another answer", ["UPDATE entries SET is_answer = 1 WHERE seq = 5"], 5, /: is_answer/],
  ["another wallet", ["UPDATE entries SET wallet = 'w' WHERE seq = 3"], 3, /: wallet/],
  ["another transaction", ["UPDATE entries SET tx = 99 WHERE seq = 3"], 3, /lead to another one/],
  ["a transaction less", ["UPDATE entries SET tx = NULL WHERE seq = 3"], 3, /: tx/],
  ["a name less", ["DELETE FROM transaction_names WHERE name = 'cobo:c'"], 4, /a name .* not found/],
  [
    "a rule less",
    ["DELETE FROM entry_rules WHERE seq = 3 AND name = 'DAILY_LIMIT'"],
    3,
    /not found by DAILY_LIMIT/,
  ],
  ["a rule more", ["INSERT INTO entry_rules VALUES ('DAILY_LIMIT', 5)"], 5, /found by DAILY_LIMIT/],
  ["a rule unheard of", ["INSERT INTO entry_rules VALUES ('NEW', 2)"], 2, /found by NEW/],
  ["another document", ["UPDATE bodies SET document = x'7b7d' WHERE seq = 8"], 8, /document is another/],
  ["another token", ["UPDATE bodies SET token = x'00' WHERE seq = 8"], 8, /token is another/],
  ["a document less", ["UPDATE bodies SET document = NULL WHERE seq = 8"], 8, /document is gone/],
  ["a body less", ["DELETE FROM bodies WHERE seq = 50"], 50, /body is gone/],
  ["a body more", ["INSERT INTO bodies VALUES (1, 0, x'00', NULL)"], 1, /token is there that/],
  ["a body behind the end", ["INSERT INTO bodies VALUES (999, 0, x'00', NULL)"], 999, /without its entry/],
  ["a body of an unknown kind", ["UPDATE bodies SET encoding = 99 WHERE seq = 8"], 8, /encoding 99/],
  ["a body that is not deflated", ["UPDATE bodies SET encoding = 1 WHERE seq = 8"], 8, /damaged/],
  ["a smaller amount", ["UPDATE movements SET usd_micros = '1' WHERE entry = 4"], 4, /: usd_micros/],
  ["other sources", [`UPDATE movements SET sources = '["0xcc"]' WHERE entry = 4`], 4, /: sources/],
  ["another time", ["UPDATE movements SET at = 1 WHERE entry = 4"], 4, /: at/],
  ["a slot that it has not", ["UPDATE movements SET slot = zeroblob(32) WHERE entry = 4"], 4, /: slot/],
  ["a movement less", ["DELETE FROM movements WHERE number = 3"], 4, /1 movements, and 2/],
  ["all movements less", ["DELETE FROM movements WHERE entry = 4"], 4, /0 movements, and 2/],
  [
    "a movement of another entry",
    ["UPDATE movements SET entry = 5 WHERE number = 3"],
    5,
    /1 movements, and 0/,
  ],
  [
    "a movement of nobody",
    ["UPDATE movements SET entry = 999 WHERE number = 203"],
    999,
    /belongs to no approval/,
  ],
  [
    "a movement released by nobody",
    ["UPDATE movements SET state = 'released' WHERE number = 2"],
    4,
    /released, and no entry says so/,
  ],
  [
    "a release undone",
    ["UPDATE movements SET state = 'reserved' WHERE number = 3"],
    4,
    /entry 7 says released/,
  ],
  [
    "an unheard-of state",
    ["UPDATE movements SET state = 'gone' WHERE number = 2"],
    4,
    /is gone, and no entry/,
  ],
  [
    "a statement that is no text",
    ["UPDATE checkpoints SET statement = CAST(x'ff' AS TEXT) WHERE seq = 3"],
    3,
    /checkpoint/,
  ],
  [
    "a checkpoint of another entry",
    ["UPDATE checkpoints SET seq = 4 WHERE seq = 3"],
    4,
    /states another entry/,
  ],
  ["a checkpoint of nobody", ["UPDATE checkpoints SET seq = 400 WHERE seq = 3"], 400, /not there/],
  ["a checkpoint that is none", ["UPDATE checkpoints SET statement = 'x' WHERE seq = 3"], 3, /no checkpoint/],
] as const)("%s", (_name, statements, seq, what) => {
  test.each(THREADS)("is found, at its entry, %i at once", async (threads) => {
    edit(...statements);
    const { ok, problems, found } = await verify({ threads: threads === 1 ? 1 : shared });
    expect(ok).toBe(false);
    expect(problems).toContainEqual({ seq, what: expect.stringMatching(what) });
    expect(found).toBeLessThan(16);
  });
});

const SUMS = /sums/;
test.each([
  ["an edited sum", "UPDATE fact_log SET usd_micros = '5' WHERE movement = 40", SUMS],
  ["a movement that is not counted", "DELETE FROM fact_log WHERE movement = 203", /not counted/],
  [
    "one that is counted without being there",
    "INSERT INTO fact_log VALUES (1, x'00', 1, 999, 1, '0', 0, '0', 0)",
    /no movement/,
  ],
  ["a correction that nothing stands for", "UPDATE fact_late SET usd_micros = '-5'", SUMS],
  ["a correction less", "DELETE FROM fact_late", SUMS],
  [
    "a sum that is no number",
    "UPDATE fact_log SET units = CAST(x'ff' AS TEXT) WHERE movement = 9",
    /no numbers/,
  ],
  [
    "a name that is no text",
    "INSERT INTO transaction_names VALUES ('o', CAST(x'ff' AS TEXT), 9)",
    /leads to/,
  ],
  ["a name more", "INSERT INTO transaction_names VALUES ('org-1', 'cobo:forged', 1)", /cobo:forged/],
])("deep: %s", async (_name, statement, what) => {
  edit(statement);
  const { ok, problems } = await verify({ deep: true });
  expect(ok).toBe(false);
  expect(problems).toContainEqual({ seq: expect.any(Number), what: expect.stringMatching(what) });
});

/** Row and hashes made anew from an entry on: what only the outside can tell. */
function rechain(from: number): void {
  const database = new Database(file);
  let before: Uint8Array = GENESIS;
  for (const columns of database.prepare("SELECT seq, row, hash FROM entries ORDER BY seq").raw(true).all()) {
    if (!Array.isArray(columns)) continue;
    const [seq, row, hash] = columns;
    before = seq < from ? hash : chainHash(before, row);
    database.prepare("UPDATE entries SET hash = ? WHERE seq = ?").run(before, seq);
  }
  database.close();
}

describe("what the chain alone cannot tell", () => {
  const cut = (from: number) =>
    ["entries", "bodies", "entry_rules", "checkpoints"]
      .map((table) => `DELETE FROM ${table} WHERE seq >= ${from}`)
      .concat(`DELETE FROM movements WHERE entry >= ${from}`);

  test("a cut end is found by the anchor", async () => {
    edit(...cut(300));
    expect((await verify({ anchor: undefined })).problems).toEqual([
      { seq: 0, what: expect.stringMatching(/no anchor/) },
    ]);
    expect((await verify()).problems).toEqual([
      { seq: 307, what: expect.stringMatching(/ledger ends at 299/) },
    ]);
  });

  test("a chain that was made anew is found by checkpoints and anchor", async () => {
    edit(`${ROW}replace(row, 'limit 10', 'limit 99') WHERE seq = 3`);
    rechain(3);
    const { problems } = await verify();
    expect(problems.map(({ seq }) => seq)).toEqual([3, 3, 307, 307]);
    expect(problems[0]?.what).toMatch(/anchor states another entry/);
  });

  test("and a shorter chain that an operator accepted is right", async () => {
    edit(...cut(300));
    const short = (await verify({ anchor: undefined })).head;
    const state = mkdtempSync(join(folder, "state-"));
    for (const name of ["checkpoint.key", "checkpoint.pub", "anchor"]) {
      copyFileSync(join(folder, name), join(state, name));
    }
    const checkpoints = await openCheckpoints(state);
    await checkpoints.publish(checkpoints.sign(299, short?.hash ?? "", T0, true));
    const accepted = await readAnchor(join(state, "anchor"));
    expect(await verify({ anchor: accepted })).toMatchObject({ ok: true, anchored: { seq: 299 } });
  });

  test("without the public key nothing that was stated counts", async () => {
    expect((await verify({ key: undefined })).problems).toEqual([
      { seq: 0, what: expect.stringMatching(/no public key/) },
    ]);
  });
});

test.each(THREADS)("a damaged page is a problem, not the end of the command, %i at once", async (threads) => {
  const bytes = readFileSync(file);
  bytes.fill(0xff, 4096 * 10, 4096 * 14);
  writeFileSync(file, bytes);
  expect((await verify({ threads: threads === 1 ? 1 : shared })).ok).toBe(false);
});

describe("an approval of bytes that were approved before, without movements of its own", () => {
  const two = [movement(), movement({ token: "ETH" })];
  /** Entry 1 and 2 are approvals, 3 releases a movement of the second, 4 says again what `more` says. */
  async function repeated(movements: readonly Movement[], of: number, isReleased = true): Promise<unknown> {
    file = join(folder, "copies", `${Math.random()}.db`);
    const rows = await LedgerRows.create(file);
    rows.decision();
    rows.decision({ movements: two });
    const act = { act: "release", reason: "dropped", by: "alice", movements: [3] };
    if (isReleased) rows.other("act", act, { transition: { movements: [3], state: "released" } });
    rows.decision({ movements: [], more: { signing: hash("sha256", `signing ${of}`, "hex"), movements } });
    if (!isReleased) rows.other("act", act, { transition: { movements: [3], state: "released" } });
    rows.run("PRAGMA wal_checkpoint(TRUNCATE)");
    rows.close();
    const { problems } = await verifyLedger(file, { anchor: undefined, key: undefined });
    return problems;
  }

  test("says what they said", async () => {
    expect(await repeated([movement({ usd_micros: "9" })], 1)).toEqual([]);
    expect(await repeated(two.toReversed(), 2, false)).toEqual([]);
    // All that is left of what they said.
    expect(await repeated([movement()], 2)).toEqual([]);
  });

  test.each<[string, readonly Movement[], number, boolean]>([
    ["something else", [movement({ destination: "0xother" })], 1, true],
    ["more", [movement(), movement()], 1, true],
    ["less", [movement()], 2, false],
    ["what was released", two, 2, true],
  ])("is found where it says %s", async (_, movements, of, isReleased) => {
    const seq = isReleased ? 4 : 3;
    expect(await repeated(movements, of, isReleased)).toContainEqual({
      seq,
      what: expect.stringMatching(/0 movements/),
    });
  });
});

test("a chain made anew from its beginning has a problem in each row; a hundred are told", async () => {
  edit("UPDATE entries SET wallet = 'other' WHERE outcome IS NOT NULL");
  const { problems, found } = await verify();
  expect(problems).toHaveLength(100);
  expect(found).toBe(304);
});
