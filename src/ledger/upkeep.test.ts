import { createPublicKey } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { decided } from "../../test/support/decisions.ts";
import {
  beside,
  count,
  entry,
  opened,
  outcomeOf,
  reserved,
  stateDirectory,
} from "../../test/support/ledger.ts";
import { explanation } from "../cli/explanation.ts";
import { readAnchor } from "./anchor-file.ts";
import { openCheckpoints } from "./checkpoint.ts";
import { LedgerQueries } from "./ledger-queries.ts";
import { verifyLedger } from "./verify.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = 1_790_000_000_000;
const UPKEEP = { keepMs: 30 * DAY, everyMs: 5 };
const PLAIN = "SELECT count(*) FROM bodies WHERE encoding & 1 = 0";
const DEFLATED = "SELECT count(*) FROM bodies WHERE encoding & 1 = 1";

/** A ledger with so many decisions of the clock's time. */
async function filled(directory: string, now: () => number, many: number) {
  const openedLedger = await opened(directory, { now, upkeep: UPKEEP, checkpoints: openCheckpoints });
  const { ledger } = openedLedger;
  const ids: string[] = [];
  for (let number = 0; number < many; number += 1) ids.push(await decided(ledger, { at: now() }));
  return { ...openedLedger, ids };
}

test("bodies are compressed after an hour and pruned after their time; the chain verifies; explain says so", async () => {
  let clock = START;
  const directory = stateDirectory();
  const { ledger, events, ids } = await filled(directory, () => clock, 70);
  const file = beside(directory);
  expect(count(file, PLAIN)).toBe(70);

  clock += 2 * HOUR;
  await decided(ledger, { at: clock });
  await vi.waitFor(() => expect(events).toContainEqual({ type: "kept", compressed: 70, pruned: 0 }), 10_000);
  expect([count(file, PLAIN), count(file, DEFLATED)]).toEqual([1, 70]);

  clock = START + UPKEEP.keepMs + HOUR;
  await decided(ledger, { at: clock });
  await vi.waitFor(() => expect(events).toContainEqual({ type: "kept", compressed: 1, pruned: 70 }), 10_000);
  expect([count(file, PLAIN), count(file, DEFLATED)]).toEqual([1, 1]);
  expect(count(file, "SELECT count(*) FROM entries")).toBe(72);

  const history = new LedgerQueries(join(directory, "ledger.db"));
  const found = await history.decision(ids[0] ?? "");
  await history.close();
  expect(found === undefined ? "" : explanation(found)).toMatch(/^ +what was asked is pruned/m);
  await ledger.close();
  const key = createPublicKey(readFileSync(join(directory, "checkpoint.pub")));
  const anchor = await readAnchor(join(directory, "anchor"));
  const verified = await verifyLedger(join(directory, "ledger.db"), { key, anchor, deep: true });
  expect(verified).toMatchObject({ ok: true, problems: [], bodies: { checked: 2, pruned: 70 } });
});

test("a clock that runs ahead of the newest entry prunes nothing", async () => {
  let clock = START;
  const directory = stateDirectory();
  const { ledger, events } = await filled(directory, () => clock, 3);
  clock += 10 * UPKEEP.keepMs;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(events.filter(({ type }) => type === "kept")).toEqual([]);
  await ledger.close();
});

test("nothing is pruned while the ledger is not well, and what failed is told once, by its health", async () => {
  let clock = START;
  const directory = stateDirectory();
  const { ledger, events } = await filled(directory, () => clock, 3);
  const file = beside(directory);
  file.exec("BEGIN IMMEDIATE");
  clock += UPKEEP.keepMs + HOUR;
  expect(await outcomeOf(ledger.append(entry({ at: clock })))).toBe("LEDGER_UNAVAILABLE");
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(ledger.health().ok).toBe(false);
  expect(count(file, "SELECT count(*) FROM bodies")).toBe(3);
  file.exec("ROLLBACK");
  await vi.waitFor(() => expect(ledger.health().ok).toBe(true), 15_000);
  await decided(ledger, { at: clock });
  await vi.waitFor(() => expect(events.some(({ type }) => type === "kept")).toBe(true), 10_000);
  expect(count(file, "SELECT count(*) FROM bodies")).toBe(1);
});

test("the log beside the database stays as small as ever while a hundred megabytes are pruned", async () => {
  let clock = START;
  const directory = stateDirectory();
  const { ledger, events } = await opened(directory, { now: () => clock, upkeep: UPKEEP });
  const document = JSON.stringify({ text: "x".repeat(100_000) });
  for (let group = 0; group < 50; group += 1) {
    const entries = Array.from({ length: 20 }, () => ledger.append(entry({ at: clock, body: { document } })));
    await Promise.all(entries.map(({ durable }) => durable));
  }
  // What a hundred megabytes of decisions left of it: the file is written from its beginning again and again.
  const log = () => statSync(join(directory, "ledger.db-wal")).size;
  const before = log();
  expect(before).toBeLessThan(36 * 2 ** 20);
  clock += UPKEEP.keepMs + HOUR;
  await ledger.append(entry({ at: clock, movements: reserved([]) })).durable;
  await vi.waitFor(
    () => expect(events).toContainEqual({ type: "kept", compressed: 0, pruned: 1_000 }),
    20_000,
  );
  expect(log()).toBeLessThanOrEqual(before);
});
