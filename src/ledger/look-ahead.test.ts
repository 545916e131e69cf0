/** What a group is asked about at once must come to the same as entries that come one after the other. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  beside,
  count,
  entry,
  movement,
  opened,
  push,
  reserved,
  stateDirectory,
} from "../../test/support/ledger.ts";
import { type Connection, Statement } from "./database.ts";
import type { NewEntry } from "./ledger.ts";
import { openDatabase } from "./open-database.ts";
import { WriterSession } from "./writer-session.ts";

const digest = (value: number) => value.toString(16).padStart(64, "0");

interface Step {
  readonly isPush: boolean;
  readonly organization: string;
  readonly names: readonly string[];
  readonly signing: number | undefined;
  readonly slot: number | undefined;
  readonly units: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  isPush: fc.boolean(),
  organization: fc.constantFrom("org", "other", ""),
  names: fc.uniqueArray(
    fc.constantFrom("transaction:1", "transaction:2", "cobo:1", "cobo:2", "cobo:3", "request:1"),
    { minLength: 1, maxLength: 3 },
  ),
  signing: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  slot: fc.option(fc.integer({ min: 11, max: 13 }), { nil: undefined }),
  units: fc.constantFrom("1", "2"),
});

function entryOf({ isPush, organization, names, signing, slot, units }: Step): NewEntry {
  const transaction = { organization: isPush ? "" : organization, names };
  const signed = signing === undefined ? undefined : reserved([movement({ units })], digest(signing));
  const movements = slot === undefined ? signed : signed && { ...signed, slot: digest(slot) };
  const moved = movements === undefined ? {} : { movements };
  return isPush ? push({ push: { transaction }, ...moved }) : entry({ decision: { transaction }, ...moved });
}

const TABLES = [
  "SELECT seq || ' ' || ifnull(tx, '-') FROM entries ORDER BY seq",
  "SELECT organization || ' ' || name || ' ' || tx FROM transaction_names ORDER BY organization, name",
  `SELECT number || ' ' || entry || ' ' || tx || ' ' || hex(signing) || ' ' || ifnull(hex(slot), '-') || ' ' || units
   FROM movements ORDER BY number`,
];

function contentOf(file: Connection): string[][] {
  return TABLES.map((sql) => new Statement(file, sql).all([]).map((row) => row.text(0)));
}

async function written(entries: readonly NewEntry[], group: number): Promise<string[][]> {
  const path = join(stateDirectory(), "ledger.db");
  const { connection } = await openDatabase(path);
  const session = new WriterSession(path);
  for (let from = 0; from < entries.length; from += group) {
    const part = entries.slice(from, from + group).map((each) => ({ order: 1, entry: each }));
    session.do({ type: "append", entries: part });
  }
  const content = contentOf(connection);
  session.close();
  connection.close();
  return content;
}

test("a group finds what is known as its entries would find it one by one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
      const entries = steps.map(entryOf);
      const alone = await written(entries, 1);
      expect(await written(entries, 4)).toEqual(alone);
      expect(await written(entries, entries.length)).toEqual(alone);
    }),
    { numRuns: 15 },
  );
});

test("more are asked about at once than one question has room for", async () => {
  const steps = Array.from({ length: 50 }, (_, at) => ({
    isPush: at % 2 === 0,
    organization: "org",
    names: [`transaction:${at}`, `cobo:${at}`],
    signing: at + 1,
    slot: 1_000 + at,
    units: "1",
  }));
  const entries = [...steps, ...steps].map(entryOf);
  const alone = await written(entries, 1);
  expect(alone[0]).toHaveLength(100);
  expect(await written(entries, 50)).toEqual(alone);
  expect(await written(entries, 100)).toEqual(alone);
});

test.each(["transaction:1", "transaction:a\0b", "cobo:\0", "transaction:\ud800"])(
  "%j that is known is found again in a group",
  async (name) => {
    const directory = stateDirectory();
    const { ledger } = await opened(directory);
    const named = () => entry({ decision: { transaction: { organization: "org", names: [name] } } });
    await ledger.append(named()).durable;
    await Promise.all([ledger.append(named()).durable, ledger.append(named()).durable]);
    const rows = new Statement(beside(directory), "SELECT tx FROM entries ORDER BY seq").all([]);
    expect(rows.map((row) => row.integer(0))).toEqual([1, 1, 1]);
  },
);

test("more than one question has room for is found again in a group, each once", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  const digest = (at: number) => String(at).padStart(64, "0");
  const group = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) =>
      entry({
        decision: { transaction: { organization: "", names: [`cobo:${from + at}`, `request:${from + at}`] } },
        movements: { ...reserved([movement()], digest(from + at)), slot: digest(1_000 + from + at) },
      }),
    );
  const append = (entries: readonly NewEntry[]) =>
    Promise.all(entries.map((each) => ledger.append(each).durable));
  await append(group(30, 70));
  await append(group(0, 100));
  const connection = beside(directory);
  expect(count(connection, "SELECT count(*) FROM movements")).toBe(100);
  expect(count(connection, "SELECT count(DISTINCT tx) FROM entries")).toBe(100);
  expect(count(connection, "SELECT count(*) FROM entries WHERE tx < seq")).toBe(40);
});
