import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  beside,
  count,
  entry,
  movement,
  opened,
  reserved,
  stateDirectory,
} from "../../test/support/ledger.ts";

test("what was appended is read back, also after opening again, and the chain goes on", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  const first = entry();
  const { order, durable } = ledger.append(first);
  expect([order, await durable]).toEqual([1, 1]);
  const answer = ledger.answer("node-1", first.decision?.requestId ?? "");
  expect(answer).toMatchObject({ seq: 1, id: first.id, row: first.row, body: first.body });
  expect(ledger.read(({ through }) => through)).toBe(1);
  await ledger.close();

  const { ledger: again } = await opened(directory);
  expect(again.health().ok).toBe(true);
  expect(again.read(({ through }) => through)).toBe(0);
  expect(again.newestAt()).toBe(first.at);
  expect(await again.append(entry()).durable).toBe(2);
});

/** Commits in the write-ahead log: frames that say how large the database is after them. */
function commitsOf(directory: string): number {
  const log = readFileSync(join(directory, "ledger.db-wal"));
  const frame = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frame <= log.length; at += frame) if (log.readUInt32BE(at + 4) !== 0) commits += 1;
  return commits;
}

test("all entries of one turn share one commit, in the order in which they came", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  await ledger.append(entry()).durable;
  const before = commitsOf(directory);
  const appended = Array.from({ length: 100 }, () => ledger.append(entry()));
  expect(await Promise.all(appended.map(({ durable }) => durable))).toEqual(
    Array.from({ length: 100 }, (_, at) => at + 2),
  );
  expect(commitsOf(directory) - before).toBe(1);
});

test("an entry that can't be written fails alone", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  const [good, other, last] = [entry(), entry(), entry({ movements: reserved([movement()]) })];
  const twice = { ...other, id: good.id };
  const noAmount = entry({ movements: reserved([movement(), movement({ units: "much" })]) });
  const outcomes = await Promise.allSettled(
    [good, twice, noAmount, last].map((each) => ledger.append(each).durable),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(ledger.health().ok).toBe(true);
  expect(ledger.read(({ through }) => through)).toBe(4);
  const other2 = beside(directory);
  expect(count(other2, "SELECT count(*) FROM entries")).toBe(2);
  expect(count(other2, "SELECT count(*) FROM movements")).toBe(1);
  expect(count(other2, "SELECT number FROM movements")).toBe(1);
});
