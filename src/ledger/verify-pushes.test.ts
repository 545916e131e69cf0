import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { flag, LedgerRows, movement } from "../../test/support/ledger-rows.ts";
import { type Verification, type VerifyOptions, verifyLedger } from "./verify.ts";
import { VerifyThreads } from "./verify-threads.ts";

const folder = mkdtempSync(join(tmpdir(), "verify-pushes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = join(folder, "good.db");
const deposit = movement({ direction: "in", sources: ["0xevil"], outpoints: ["h:0"], destination: "0xours" });
const told = { signing: "ab".repeat(32), movements: [deposit] };
const failed = {
  signing: "cd".repeat(32),
  movements: [movement({ direction: "in" })],
  state: "released",
} as const;
const SOURCE = flag("g_source", {
  key: "source",
  marks: [
    { kind: "address", value: "0xours", role: "paid_into" },
    { kind: "address", value: "0xevil", role: "sender" },
    { kind: "outpoint", value: "h:0", role: "paid_into" },
  ],
  ...{ chain: "ETH", units: "5", usd_micros: "5" },
});

/** One of each thing that pushes write, then 240 entries of which every tenth raises a flag. */
beforeAll(async () => {
  const rows = await LedgerRows.create(GOOD);
  rows.other("mark", { mark: "start", message: "" });
  rows.decision({ names: ["transaction:t", "cobo:w"], sources: ["0xpool"] });
  rows.decision({ outcome: "denied", wallet: "wallet-2", sources: ["0xpool", "0xcold"] });
  const undecided = flag("g_undecided", { rule: undefined, code: "UNDECIDED" });
  rows.push({
    id: "p_4",
    names: ["cobo:d"],
    outcome: "pending",
    state: "broadcast",
    flags: [undecided],
    ...told,
  });
  rows.judgement("p_4", { names: ["cobo:d"], flags: [SOURCE], resolves: ["g_undecided", "g_unheard_of"] });
  rows.push({
    ...{ names: ["cobo:d", "request:d"], flags: [{ ...SOURCE, id: "g_again" }, flag("g_open")] },
    ...{ transition: { movements: [2], state: "settled" }, more: { ...told, state: "settled" } },
  });
  rows.push({ names: ["cobo:w"], transition: { movements: [1, 1], state: "broadcast" } });
  rows.decision({ names: ["cobo:c"] });
  rows.decision({ names: ["transaction:c", "cobo:c"], takesOver: [3] });
  const act = { act: "resolve_flag", flag: "g_source", reason: "ours", by: "alice" };
  rows.other("act", act, { resolves: ["g_source"] });
  const release = { act: "release", reason: "dropped", by: "alice", movements: [4] };
  rows.other("act", release, { transition: { movements: [4], state: "released" } });
  rows.push({ names: ["cobo:f"], ...failed });
  rows.push({ names: ["cobo:f"], more: failed });
  const unread = { readable: false, kind: undefined, status: undefined, input_sha256: undefined };
  rows.push({ names: [], flags: [flag("g_unread")], more: unread });
  rows.run("UPDATE bodies SET document = NULL WHERE seq = 14");
  rows.all(() => {
    for (let i = 0; i < 120; i += 1) {
      rows.decision({ sources: [`0xwallet${i % 7}`], movements: [movement({ destination: `0xto${i}` })] });
      rows.push({ flags: i % 10 === 0 ? [flag(`g_${i}`)] : [] });
    }
  });
  rows.run("PRAGMA wal_checkpoint(TRUNCATE)");
  rows.close();
});

const THREADS = [1, 3];
/** To start three for each of hundreds of verifications would take longer than these. */
const shared = new VerifyThreads(3);
afterAll(() => shared.end());

let file = "";
beforeEach(() => {
  file = join(folder, `${Math.random()}.db`);
  copyFileSync(GOOD, file);
});

function verify(options: Partial<VerifyOptions> = {}): Promise<Verification> {
  return verifyLedger(file, { anchor: undefined, key: undefined, ...options });
}

function edit(...statements: readonly string[]): void {
  const database = new Database(file);
  database.exec("PRAGMA synchronous = OFF");
  for (const statement of statements) database.exec(statement);
  database.close();
}

test.each(THREADS)("a good ledger, %i at once: everything is read and nothing is found", async (threads) => {
  const result = await verify({ deep: true, threads });
  expect(result.problems).toEqual([]);
  expect(result).toMatchObject({ ok: true, rows: 254, movements: 125, bodies: { checked: 250, pruned: 0 } });
});

const SOURCE_MARK = "flag = (SELECT number FROM flags WHERE id = 'g_source')";
describe.each<[string, readonly string[], number, RegExp]>([
  ["another source", ["UPDATE entries SET source = 'else' WHERE seq = 4"], 4, /: source/],
  ["other bytes", ["UPDATE entries SET identity = zeroblob(32) WHERE seq = 4"], 4, /: identity/],
  ["a request", ["UPDATE entries SET request_id = 'r' WHERE seq = 4"], 4, /: request_id/],
  ["an answer", ["UPDATE entries SET is_answer = 1 WHERE seq = 4"], 4, /: is_answer/],
  ["an outcome", ["UPDATE entries SET outcome = 'approved' WHERE seq = 4"], 4, /: outcome/],
  ["a wallet", ["UPDATE entries SET wallet = 'w' WHERE seq = 4"], 4, /: wallet/],
  ["a push without its transaction", ["UPDATE entries SET tx = NULL WHERE seq = 6"], 6, /: tx/],
  ["a judgement without its transaction", ["UPDATE entries SET tx = NULL WHERE seq = 5"], 5, /: tx/],
  ["another transaction", ["UPDATE entries SET tx = 99 WHERE seq = 5"], 5, /lead to another one/],
  ["a name less", ["DELETE FROM transaction_names WHERE name = 'request:d'"], 6, /a name .* not found/],
  ["another message", ["UPDATE bodies SET token = x'00' WHERE seq = 6"], 6, /token is another/],
  ["another document", ["UPDATE bodies SET document = x'7b7d' WHERE seq = 6"], 6, /document is another/],
  ["a body less", ["DELETE FROM bodies WHERE seq = 6"], 6, /body is gone/],
  ["a message less that nobody could read", ["DELETE FROM bodies WHERE seq = 14"], 14, /body is gone/],
  [
    "a document that it has not",
    ["UPDATE bodies SET document = x'7b7d' WHERE seq = 14"],
    14,
    /does not know/,
  ],

  ["a smaller deposit", ["UPDATE movements SET units = '1' WHERE number = 2"], 4, /: units/],
  ["a deposit less", ["DELETE FROM movements WHERE number = 2"], 4, /0 movements, and 1/],
  ["and its second push", ["DELETE FROM movements WHERE number = 2"], 6, /0 movements, and 1/],
  ["a deposit of nobody", ["UPDATE movements SET entry = 7 WHERE number = 2"], 7, /1 movements, and 0/],
  [
    "a state undone",
    ["UPDATE movements SET state = 'broadcast' WHERE number = 2"],
    4,
    /entry 6 says settled/,
  ],
  [
    "a takeover undone",
    ["UPDATE movements SET state = 'reserved' WHERE number = 3"],
    8,
    /entry 9 says released/,
  ],
  [
    "a release undone",
    ["UPDATE movements SET state = 'reserved' WHERE number = 4"],
    9,
    /entry 11 says released/,
  ],
  ["a failure undone", ["UPDATE movements SET state = 'settled' WHERE number = 5"], 12, /began as released/],
  ["a state of nobody", ["UPDATE movements SET state = 'settled' WHERE number = 9"], 21, /no entry says so/],
  ["a state entered less", ["DELETE FROM transitions WHERE entry = 6"], 6, /\[\], and \[\[2,"settled"\]\]/],
  ["a takeover less", ["DELETE FROM transitions WHERE entry = 9"], 9, /\[\], and \[\[3,"released"\]\]/],
  ["a release less", ["DELETE FROM transitions WHERE entry = 11"], 11, /\[\], and \[\[4,"released"\]\]/],
  ["a state entered more", ["INSERT INTO transitions VALUES (7, 2, 'released')"], 7, /\[2,"released"\]/],
  ["by an entry that says none", ["INSERT INTO transitions VALUES (20, 2, 'settled')"], 20, /, and \[\]/],
  ["another state entered", ["UPDATE transitions SET state = 'released' WHERE entry = 7"], 7, /released/],
  [
    "a state by an entry that there is not",
    ["INSERT INTO transitions VALUES (999, 2, 'settled')"],
    999,
    /not there/,
  ],

  ["a flag less", ["DELETE FROM flags WHERE id = 'g_open'"], 6, /flag g_open is not found/],
  ["one of an unreadable push", ["DELETE FROM flags WHERE id = 'g_unread'"], 14, /g_unread is not found/],
  [
    "a flag more",
    [
      `INSERT INTO flags (id, key, entry, at, tx, code, severity, names, flag)
       SELECT 'g_new', 'new', entry, at, tx, code, severity, names, flag FROM flags WHERE id = 'g_undecided'`,
    ],
    4,
    /flag g_new is there/,
  ],
  ["a flag of another entry", ["UPDATE flags SET entry = 7 WHERE id = 'g_open'"], 7, /g_open is there/],
  ["a flag of nobody", ["UPDATE flags SET entry = 999 WHERE id = 'g_open'"], 999, /g_open is of an entry/],
  ["another id", ["UPDATE flags SET id = 'g_x' WHERE id = 'g_open'"], 6, /g_x is there/],
  ["another key", ["UPDATE flags SET key = 'x' WHERE id = 'g_open'"], 6, /: key/],
  [
    "the key of one that is not raised",
    ["UPDATE flags SET key = 'x' WHERE id = 'g_source'"],
    6,
    /g_again is not/,
  ],
  ["another time", ["UPDATE flags SET at = 1 WHERE id = 'g_open'"], 6, /: at/],
  ["a flag of another transaction", ["UPDATE flags SET tx = 9 WHERE id = 'g_open'"], 6, /: tx/],
  ["another code", ["UPDATE flags SET code = 'X' WHERE id = 'g_open'"], 6, /: code/],
  ["another severity", ["UPDATE flags SET severity = 'low' WHERE id = 'g_open'"], 6, /: severity/],
  ["other names", ["UPDATE flags SET names = '[]' WHERE id = 'g_open'"], 6, /: names/],
  [
    "another message",
    ["UPDATE flags SET flag = replace(flag, 'listed', 'good') WHERE id = 'g_open'"],
    6,
    /: flag/,
  ],
  ["another order", ["UPDATE flags SET number = -1 WHERE id = 'g_open'"], 6, /: number/],
  [
    "a flag that was never resolved",
    ["UPDATE flags SET resolved = 10 WHERE id = 'g_open'"],
    6,
    /does not say so/,
  ],
  [
    "one that is resolved by nobody",
    ["UPDATE flags SET resolved = 999 WHERE id = 'g_open'"],
    6,
    /999 does not/,
  ],
  [
    "one that was resolved otherwise",
    ["UPDATE flags SET resolved = 11 WHERE id = 'g_source'"],
    5,
    /11 does not/,
  ],
  [
    "a flag that is open again",
    ["UPDATE flags SET resolved = NULL WHERE id = 'g_source'"],
    10,
    /open after it/,
  ],
  [
    "open again by a judgement",
    ["UPDATE flags SET resolved = NULL WHERE id = 'g_undecided'"],
    5,
    /open after it/,
  ],

  ["a mark less", [`DELETE FROM flag_marks WHERE ${SOURCE_MARK} AND kind = 'outpoint'`], 5, /: marks/],
  ["all marks less", [`DELETE FROM flag_marks WHERE ${SOURCE_MARK}`], 5, /: marks/],
  [
    "a mark more",
    [
      "INSERT INTO flag_marks SELECT flag, kind, '0xx', role, open_until, rule, chain, weight FROM flag_marks WHERE flag = 1",
    ],
    4,
    /: marks/,
  ],
  [
    "a mark elsewhere",
    [`UPDATE flag_marks SET value = '0xx' WHERE ${SOURCE_MARK} AND value = '0xours'`],
    5,
    /: marks/,
  ],
  [
    "another role",
    [`UPDATE flag_marks SET role = 'sender' WHERE ${SOURCE_MARK} AND value = '0xours'`],
    5,
    /: marks/,
  ],
  [
    "a mark that is open",
    [`UPDATE flag_marks SET open_until = 9007199254740991 WHERE ${SOURCE_MARK}`],
    5,
    /: marks/,
  ],
  ["a mark that is not", ["UPDATE flag_marks SET open_until = 11 WHERE open_until > 999"], 6, /: marks/],
  ["another rule", [`UPDATE flag_marks SET rule = 'x' WHERE ${SOURCE_MARK}`], 5, /: marks/],
  ["another chain", [`UPDATE flag_marks SET chain = 'x' WHERE ${SOURCE_MARK}`], 5, /: marks/],
  ["another weight", [`UPDATE flag_marks SET weight = 0 WHERE ${SOURCE_MARK}`], 5, /: marks/],
  [
    "a mark of no flag",
    ["INSERT INTO flag_marks VALUES (999, 'address', '0xx', 'sender', 9, 'r', '', 0)"],
    0,
    /1 marks/,
  ],

  ["an address unknown", ["DELETE FROM named WHERE value = '0xevil'"], 4, /address 0xevil is not known/],
  ["an outpoint unknown", ["DELETE FROM named WHERE kind = 'outpoint'"], 4, /outpoint h:0 is not known/],
  [
    "an address of another kind",
    ["UPDATE named SET kind = 'outpoint' WHERE value = '0xours'"],
    4,
    /0xours is not/,
  ],
  ["one known later", ["UPDATE named SET entry = 40 WHERE value = '0xto5'"], 25, /0xto5 is not known/],
  ["one known before", ["UPDATE named SET entry = 9 WHERE value = '0xto5'"], 9, /1 addresses or outpoints/],
  [
    "one that nobody named",
    ["INSERT INTO named VALUES ('address', '0xx', 30)"],
    30,
    /1 addresses or outpoints/,
  ],
  ["one that nobody will name", ["INSERT INTO named VALUES ('address', '0xx', 999)"], 999, /1 addresses or/],
  [
    "a governed address less",
    ["DELETE FROM governed WHERE address = '0xcold'"],
    3,
    /governed address 0xcold/,
  ],
  [
    "a governed address more",
    ["INSERT INTO governed VALUES ('0xx', NULL, 30)"],
    30,
    /1 addresses are governed/,
  ],
  [
    "one of another wallet",
    ["UPDATE governed SET wallet = 'w' WHERE address = '0xcold'"],
    3,
    /another wallet/,
  ],
  [
    "one without its wallet",
    ["UPDATE governed SET wallet = NULL WHERE address = '0xpool'"],
    2,
    /another wallet/,
  ],
  [
    "one governed later",
    ["UPDATE governed SET entry = 3 WHERE address = '0xpool'"],
    2,
    /0xpool is not known/,
  ],
  [
    "one governed before",
    ["UPDATE governed SET entry = 2 WHERE address = '0xcold'"],
    2,
    /1 addresses are governed/,
  ],
])("%s", (_name, statements, seq, what) => {
  test.each(THREADS)("is found, at its entry, %i at once", async (threads) => {
    edit(...statements);
    const { ok, problems, found } = await verify({ threads: threads === 1 ? 1 : shared });
    expect(ok).toBe(false);
    expect(problems).toContainEqual({ seq, what: expect.stringMatching(what) });
    expect(found).toBeLessThan(32);
  });
});

test("deep: a name more", async () => {
  edit("INSERT INTO transaction_names VALUES ('', 'cobo:forged', 1)");
  const { problems } = await verify({ deep: true });
  expect(problems).toContainEqual({ seq: 0, what: expect.stringMatching(/cobo:forged/) });
});
