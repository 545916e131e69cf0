import type { Worker } from "node:worker_threads";
import { expect, test, vi } from "vitest";
import {
  becomesWell,
  beside,
  count,
  entry,
  flag,
  movement,
  opened,
  outcomeOf,
  push,
  reserved,
  stateDirectory,
} from "../../test/support/ledger.ts";
import { type FactShape, factKey } from "../input/fact-shape.ts";

const threads = vi.hoisted((): Worker[] => []);
vi.mock("../thread.ts", async (original) => {
  const real = await original<typeof import("../thread.ts")>();
  const startThread: typeof real.startThread = (...order) => {
    const thread = real.startThread(...order);
    threads.push(thread);
    return thread;
  };
  return { ...real, startThread };
});

test("a thread that is lost fails what it had not written, and another one goes on", async () => {
  const { ledger } = await opened(stateDirectory());
  await ledger.append(entry()).durable;
  const thread = threads.at(-1);
  if (thread === undefined) throw new Error("there is no thread");
  thread.postMessage = () => {};
  const lost = ledger.append(entry());
  await new Promise((resolve) => setTimeout(resolve, 20));
  await thread.terminate();
  expect(await outcomeOf(lost)).toBe("LEDGER_UNAVAILABLE");
  await becomesWell(ledger);
  expect(await ledger.append(entry()).durable).toBe(2);
});

test("what a lost thread had written before it could say so is durable all the same", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  const names = { organization: "org", names: ["transaction:1"] };
  const confirms = reserved([movement({ kind: "withdrawal_confirmation" })]);
  const remembered = () =>
    ledger.read((snapshot) => ({
      open: snapshot.marked("address", "0xours").open.length,
      confirmed: snapshot.confirmed(names).length,
    }));
  await ledger.append(entry({ movements: reserved([movement({ destination: "0xours" })]) })).durable;
  expect(remembered()).toEqual({ open: 0, confirmed: 0 });
  const thread = threads.at(-1);
  if (thread === undefined) throw new Error("there is no thread");
  thread.removeAllListeners("message");
  const flagged = push({ flags: [flag()] });
  const appended = [flagged, entry({ decision: { transaction: names }, movements: confirms })].map((each) =>
    ledger.append(each),
  );
  const other = beside(directory);
  await vi.waitFor(() => expect(count(other, "SELECT count(*) FROM entries")).toBe(3));
  await thread.terminate();
  expect(await Promise.all(appended.map(outcomeOf))).toEqual([2, 3]);
  await becomesWell(ledger);
  expect(remembered()).toEqual({ open: 1, confirmed: 1 });
  expect(await ledger.append(entry()).durable).toBe(4);
  expect(remembered()).toEqual({ open: 1, confirmed: 1 });
});

test("a reading says exactly which entries are in it, whatever is on its way", async () => {
  const { ledger } = await opened(stateDirectory());
  const shape: FactShape = { by: [], where: { direction: "out" } };
  await ledger.keepShapes([shape]);
  const key = factKey([]);
  const durable = new Set<number>();
  let newest = 0;
  let between = 0;
  const appended: Promise<unknown>[] = [];
  for (let turn = 0; turn < 300; turn += 1) {
    for (let each = 0; each < turn % 7; each += 1) {
      const { order, durable: written } = ledger.append(entry({ movements: reserved([movement()]) }));
      newest = order;
      appended.push(written.then(() => durable.add(order)));
    }
    const [through, counted] = ledger.read((snapshot) => [
      snapshot.through,
      snapshot.totals(shape, key).count,
    ]);
    expect(counted).toBe(through);
    expect(through).toBeLessThanOrEqual(newest);
    for (const order of durable) expect(order).toBeLessThanOrEqual(through);
    if (through < newest) between += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(appended);
  // It was asked at moments when entries were on their way.
  expect(between).toBeGreaterThan(0);
});
