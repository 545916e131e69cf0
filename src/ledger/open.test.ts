import { readFileSync, statSync } from "node:fs";
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
import type { DecisionKeys, EntryType, NewEntry } from "./ledger.ts";

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

test("the answer to a request is the newest entry that is one, of its own source alone", async () => {
  const { ledger } = await opened(stateDirectory());
  const ask = (members: Partial<DecisionKeys>) => entry({ decision: { requestId: "r", ...members } });
  const [first, later, failure, other] = [
    ask({}),
    ask({ outcome: "rejected" }),
    ask({ isAnswer: false }),
    ask({ source: "node-2" }),
  ];
  await Promise.all([first, later, failure, other].map((each) => ledger.append(each).durable));
  expect(ledger.answer("node-1", "r")).toMatchObject({
    id: later.id,
    identity: later.decision?.identity,
    body: later.body,
  });
  expect(ledger.answer("node-2", "r")).toMatchObject({ id: other.id });
  expect(ledger.answer("node-3", "r")).toBeUndefined();
  expect(ledger.answer("node-1", "q")).toBeUndefined();
});

test("entries are found by type, oldest first, and accepted prices are kept", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  const bare = (type: EntryType): NewEntry => {
    const { decision: _, body: __, ...others } = entry({ type });
    return others;
  };
  const entries = [bare("freeze"), entry(), bare("unfreeze"), bare("act"), bare("freeze")];
  for (const each of entries) await ledger.append(each).durable;
  expect(ledger.entriesOf(["unfreeze", "freeze"]).map(({ seq, type }) => [seq, type])).toEqual([
    [1, "freeze"],
    [3, "unfreeze"],
    [5, "freeze"],
  ]);
  expect(ledger.entriesOf(["decision"]).map(({ id }) => id)).toEqual([entries[1]?.id]);
  await ledger.savePrices(new Map([["ETH", { usd: "2000.5", at: 1 }]]));
  await ledger.savePrices(new Map([["BTC", { usd: "60000", at: 2 }]]));
  await ledger.close();
  const { ledger: again } = await opened(directory);
  expect(again.acceptedPrices()).toEqual(
    new Map([
      ["BTC", { usd: "60000", at: 2 }],
      ["ETH", { usd: "2000.5", at: 1 }],
    ]),
  );
});

test("time never runs back past an entry that was appended", async () => {
  const { ledger } = await opened(stateDirectory());
  const at = 1_800_000_000_000;
  void ledger.append(entry({ at }));
  expect(ledger.newestAt()).toBe(at);
  await expect(ledger.append(entry({ at: at - 1 })).durable).rejects.toMatchObject({ message: /older/ });
  expect(await ledger.append(entry({ at })).durable).toBe(2);
});

test("what a reading throws by itself goes on, and the next reading sees what came since", async () => {
  const { ledger } = await opened(stateDirectory());
  const fault = new Error("its own");
  expect(() =>
    ledger.read(() => {
      throw fault;
    }),
  ).toThrow(fault);
  await ledger.append(entry()).durable;
  expect(ledger.read(({ through }) => through)).toBe(1);
  expect(ledger.health().ok).toBe(true);
});

test("a ledger that is closed answers nothing, and closing waits for what was appended", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  const { durable } = ledger.append(entry());
  await ledger.close();
  expect(await durable).toBe(1);
  await expect(ledger.append(entry()).durable).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" });
  expect(() => ledger.answer("node-1", "r")).toThrow(expect.objectContaining({ code: "LEDGER_UNAVAILABLE" }));
  // The log is taken over: one file holds everything.
  expect(statSync(join(directory, "ledger.db-wal")).size).toBe(0);
});

test("an answer or a freeze that was altered in the file makes the ledger corrupt", async () => {
  for (const type of ["decision", "freeze"] as const) {
    const directory = stateDirectory();
    const { ledger } = await opened(directory);
    const altered = entry({ type });
    await ledger.append(entry()).durable;
    await ledger.append(altered).durable;
    beside(directory).exec("UPDATE entries SET row = replace(row, 'made', 'mode') WHERE seq = 2");
    const read = () =>
      type === "freeze"
        ? ledger.entriesOf(["freeze"])
        : ledger.answer("node-1", altered.decision?.requestId ?? "");
    expect(read).toThrow("the chain is broken at entry 2");
    expect(ledger.health()).toMatchObject({ ok: false, code: "LEDGER_CORRUPT" });
  }
});
