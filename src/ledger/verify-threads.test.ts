import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { LedgerRows } from "../../test/support/ledger-rows.ts";
import { openToRead } from "./read-connection.ts";
import { rangesOf } from "./verify-span.ts";
import type { VerifyTask } from "./verify-task.ts";
import { VerifyThreads } from "./verify-threads.ts";

const COUNT = 40;
const folder = mkdtempSync(join(tmpdir(), "verify-threads-"));
const file = join(folder, "ledger.db");
let tasks: readonly VerifyTask[] = [];
let threads: VerifyThreads;

beforeAll(async () => {
  const rows = await LedgerRows.create(file);
  for (let number = 1; number <= COUNT; number += 1) rows.decision();
  rows.run("PRAGMA wal_checkpoint(TRUNCATE)");
  rows.close();
  const database = openToRead(file);
  const ranges = rangesOf(database, COUNT, 5);
  database.close();
  tasks = ranges.map((range) => ({ type: "entries", range, deep: false }));
});
afterEach(() => threads.end());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ignored = () => {};

test("a file that can't be opened is an error, and the next one is verified all the same", async () => {
  threads = new VerifyThreads(2);
  await expect(threads.do(join(folder, "none.db"), tasks, ignored)).rejects.toThrow(/no ledger/);
  const findings = await threads.do(file, tasks, ignored);
  expect(findings.map(({ found }) => found)).toEqual([0, 0, 0, 0, 0]);
});

test.each([1, 2, 8])(
  "every task is done once by %i threads, one verification after the other",
  async (count) => {
    threads = new VerifyThreads(count);
    for (let times = 0; times < 2; times += 1) {
      let read = 0;
      const findings = await threads.do(file, tasks, (rows) => {
        read += rows;
      });
      expect(read).toBe(COUNT);
      expect(findings.map(({ range }) => range?.head?.seq).sort((a, b) => Number(a) - Number(b))).toEqual([
        ...[8, 16, 24, 32, 40],
      ]);
    }
  },
);

test("without tasks none is started, and those that ended can be started again", async () => {
  threads = new VerifyThreads(3);
  expect(await threads.do(file, [], ignored)).toEqual([]);
  await threads.end();
  expect(await threads.do(file, tasks, ignored)).toHaveLength(5);
});
