import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LedgerRows, movement, reason } from "../../test/support/ledger-rows.ts";
import { openToRead } from "./read-connection.ts";
import { pruneBodies } from "./retention.ts";
import { verifyLedger } from "./verify.ts";
import { type EntryRange, rangesOf } from "./verify-span.ts";
import { doTask, type Findings } from "./verify-task.ts";
import { VerifyThreads } from "./verify-threads.ts";

const folder = mkdtempSync(join(tmpdir(), "ranges-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shared = new VerifyThreads(3);
afterAll(() => shared.end());

const GOOD = join(folder, "good.db");
const COUNT = 30;

/** Thirty decisions, so that three ranges end at 10, 20 and 30; every second one moves, each third was refused. */
beforeAll(async () => {
  const rows = await LedgerRows.create(GOOD);
  for (let number = 1; number <= COUNT; number += 1) {
    if (number % 3 === 0) rows.decision({ outcome: "denied", reasons: [reason()] });
    else rows.decision({ movements: number % 2 === 0 ? [movement(), movement({ token: "ETH" })] : [] });
  }
  rows.run("PRAGMA wal_checkpoint(TRUNCATE)");
  rows.close();
});

function copy(): string {
  const file = join(folder, `${Math.random()}.db`);
  copyFileSync(GOOD, file);
  return file;
}

test("entries and movements are each in one range, whatever numbers they have", () => {
  const database = openToRead(GOOD);
  const [first, second, third, ...more] = rangesOf(database, COUNT, 3);
  database.close();
  expect(more).toEqual([]);
  expect([first?.after, first?.last, second?.last, third?.last]).toEqual([
    Number.MIN_SAFE_INTEGER,
    ...[10, 20, 30],
  ]);
  expect(second).toMatchObject({ after: 10, movementsAfter: 8, movementsLast: 14, isLast: false });
  expect(third).toMatchObject({ movementsAfter: 14, movementsLast: Number.MAX_SAFE_INTEGER, isLast: true });
});

describe.each([
  [
    "the last entry of a range edited",
    "UPDATE entries SET row = row || ' ' WHERE seq = 10",
    10,
    /not follow/,
  ],
  ["the hash at a seam", "UPDATE entries SET hash = zeroblob(32) WHERE seq = 10", 11, /not follow/],
  ["the last entry of a range missing", "DELETE FROM entries WHERE seq = 10", 11, /entry 10 is missing/],
  ["the first one missing", "DELETE FROM entries WHERE seq = 11", 12, /entry 11 is missing/],
  ["a whole range missing", "DELETE FROM entries WHERE seq BETWEEN 9 AND 21", 22, /9 to 21 are missing/],
  ["time that falls at a seam", "UPDATE entries SET at = at - 5000 WHERE seq = 21", 21, /earlier/],
  [
    "a movement of another range",
    "INSERT INTO movements SELECT -1, 25, tx, signing, at, state, organization, project, vault, wallet, chain, token, sources, outpoints, destination, initiator, kind, direction, units, usd_micros, nonce, slot FROM movements WHERE number = 1",
    25,
    /belongs to no approval|1 movements, and 0/,
  ],
  ["a body gone where a range begins", "DELETE FROM bodies WHERE seq BETWEEN 11 AND 20", 11, /body is gone/],
  [
    "a rule of the next range",
    "INSERT INTO entry_rules VALUES ('DAILY_LIMIT', 11)",
    11,
    /found by DAILY_LIMIT/,
  ],
  ["a row that is no text", "UPDATE entries SET row = CAST(x'7bff7d' AS TEXT) WHERE seq = 8", 8, /follow/],
  ["an id that is no text", "UPDATE entries SET id = CAST(x'ff' AS TEXT) WHERE seq = 8", 8, /: id/],
  [
    "a token that is no text",
    "UPDATE movements SET token = CAST(x'ff' AS TEXT) WHERE entry = 4",
    4,
    /: token/,
  ],
  ["a rule that is no text", "INSERT INTO entry_rules VALUES (CAST(x'ff' AS TEXT), 5)", 5, /found by/],
] as const)("%s", (_name, statement, seq, what) => {
  test.each([1, 3])("is found, %i at once", async (threads) => {
    const file = copy();
    const database = new Database(file);
    database.exec(statement);
    database.close();
    const { problems } = await verifyLedger(file, {
      anchor: undefined,
      key: undefined,
      threads: threads === 1 ? 1 : shared,
    });
    expect(problems).toContainEqual({ seq, what: expect.stringMatching(what) });
  });
});

describe("what is written after the ranges were made", () => {
  function verify(file: string, ranges: readonly EntryRange[]): Findings[] {
    return ranges.map((range) => doTask(file, { type: "entries", range, deep: true }, () => {}));
  }

  test("later entries with all that is theirs are not looked at, and pruning is none of a forger's acts", async () => {
    const file = join(folder, "later.db");
    const rows = await LedgerRows.create(file);
    rows.all(() => {
      for (let number = 1; number <= COUNT; number += 1) rows.decision();
    });
    const ranges = rangesOf(rows.database, COUNT, 3);
    rows.decision({ outcome: "denied", reasons: [reason({ code: "NEW" })] });
    rows.decision();
    pruneBodies(rows.database, rows.at - 5_000, 100);
    const findings = verify(file, ranges);
    expect(findings.flatMap(({ problems }) => problems)).toEqual([]);
    expect(findings.map(({ range }) => range?.bodies)).toEqual([
      { checked: 0, pruned: 10 },
      { checked: 0, pruned: 10 },
      { checked: 4, pruned: 6 },
    ]);
    rows.close();
  });

  test("what belongs to no entry at all is", async () => {
    const file = copy();
    const writer = new Database(file);
    const ranges = rangesOf(writer, COUNT, 3);
    writer.exec("INSERT INTO bodies VALUES (31, 0, NULL, x'7b7d')");
    writer.exec("INSERT INTO entry_rules VALUES ('DAILY_LIMIT', 31)");
    writer.close();
    expect(verify(file, ranges).map(({ found }) => found)).toEqual([0, 0, 2]);
  });
});

test("a name of any characters is found in the row that has it", async () => {
  const file = join(folder, "names.db");
  const rows = await LedgerRows.create(file);
  rows.decision({ names: ['request:"\\\n\u0001\u007f\u{1f511}é/'] });
  const options = { anchor: undefined, key: undefined, deep: true };
  expect(await verifyLedger(file, options)).toMatchObject({ ok: true, problems: [] });
  rows.close();
});
