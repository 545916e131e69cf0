import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { beside, entry, movement, opened, reserved, stateDirectory } from "../../test/support/ledger.ts";
import { type FactShape, factKey } from "../input/fact-shape.ts";
import type { FactTotals, Ledger, Movement, MovementState, NewMovements } from "./ledger.ts";
import { Problems } from "./problems.ts";
import { openToRead } from "./read-connection.ts";
import { verifyFacts } from "./verify-facts.ts";

const START = 1_700_000_000_000;
const ALL: FactShape = { by: [], where: { direction: "out" } };
const digest = (of: string) => Buffer.from(of.padEnd(32)).toString("hex");

const usd = (ledger: Ledger, after?: number) =>
  ledger.read((snapshot) => snapshot.totals(ALL, factKey([]), after));

async function counted(directory = stateDirectory()) {
  const { ledger } = await opened(directory);
  await ledger.keepShapes([ALL]);
  let at = START;
  const approve = (amount: number | undefined, of: Partial<NewMovements> = {}) => {
    at += 1;
    const row = movement({ units: "1", usd_micros: amount === undefined ? undefined : String(amount) });
    return ledger.append(entry({ at, movements: { ...reserved([row]), ...of } })).durable;
  };
  const release = (...movements: number[]) =>
    ledger.append(entry({ at, type: "act", transition: { movements, state: "released" } })).durable;
  return { ledger, approve, release };
}

const SLOT = { slot: digest("slot") };

test("what is no digest is no slot, and nothing is written", async () => {
  const { ledger, approve } = await counted();
  await expect(approve(1, { slot: "5" })).rejects.toMatchObject({ message: /64 hexadecimal digits/ });
  expect(usd(ledger).count).toBe(0);
});

test("without a slot, and of another slot, all adds", async () => {
  const { ledger, approve } = await counted();
  for (const of of [{}, {}, SLOT, { slot: digest("other") }]) await approve(100, of);
  expect(usd(ledger)).toMatchObject({ count: 4, usdMicros: 400n, units: 4n });
});

test("claims that contradict each other add within their signing, and the larger signing counts", async () => {
  const { ledger, approve } = await counted();
  const one = { ...SLOT, signing: digest("one") };
  await approve(100, one);
  await approve(undefined, SLOT);
  const row = movement({ destination: "0xother", usd_micros: "30" });
  await ledger.append(entry({ at: START + 9, movements: { ...one, rows: [row] } })).durable;
  // Two of the one signing, and of the other one what has no price.
  expect(usd(ledger)).toMatchObject({ count: 2, usdMicros: 130n, unpriced: 1 });
});

test("a later signing adds what it exceeds the largest by, at its own time", async () => {
  const { ledger, approve } = await counted();
  for (const amount of [100, 130, 120, 140]) await approve(amount, SLOT);
  expect([0, 1, 2, 3, 4].map((after) => Number(usd(ledger, START + after).usdMicros))).toEqual([
    140, 40, 10, 10, 0,
  ]);
  expect(usd(ledger).count).toBe(1);
});

test("what has no price or no amount leaves its window without a sum, whatever came before it", async () => {
  const { ledger, approve } = await counted();
  for (const amount of [undefined, undefined, 5]) await approve(amount, SLOT);
  const unpriced = () => [0, 1, 2].map((after) => usd(ledger, START + after).unpriced);
  // The second may be worth a million, and what it replaces a cent.
  expect(unpriced()).toEqual([2, 1, 0]);
  const row = movement({ units: undefined, usd_micros: "1" });
  for (const later of [10, 20]) {
    await ledger.append(entry({ at: START + later, movements: { ...reserved([row]), ...SLOT } })).durable;
  }
  expect([0, 15, 20].map((after) => usd(ledger, START + after).unmeasured)).toEqual([2, 1, 0]);
  await ledger.append(
    entry({ at: START + 20, type: "act", transition: { movements: [1], state: "released" } }),
  ).durable;
  expect(unpriced()).toEqual([1, 1, 0]);
});

test("where the largest is released the next one counts, at the time at which it came", async () => {
  const { ledger, approve, release } = await counted();
  for (const amount of [100, 130, 120]) await approve(amount, SLOT);
  const steps = () => [0, 1, 2].map((after) => Number(usd(ledger, START + after).usdMicros));
  expect(steps()).toEqual([130, 30, 0]);
  await release(2);
  expect(steps()).toEqual([120, 20, 20]);
  await release(1, 3);
  expect(steps()).toEqual([0, 0, 0]);
  expect(usd(ledger).count).toBe(0);
});

test("first and last are of what is not released, whether or not it adds anything", async () => {
  const { ledger, approve, release } = await counted();
  for (const amount of [100, 100, 100]) await approve(amount, SLOT);
  const bound = (which: "first" | "last", without: readonly number[] = []) =>
    ledger.read((snapshot) => snapshot.bound(which, ALL, factKey([]), new Set(without)));
  expect([bound("first"), bound("last")]).toEqual([START + 1, START + 3]);
  await release(3);
  expect([bound("first"), bound("last"), bound("first", [1])]).toEqual([START + 1, START + 2, START + 2]);
  await release(1);
  expect([bound("first"), bound("last"), bound("last", [2])]).toEqual([START + 2, START + 2, undefined]);
});

test("first and last of a state are of what has entered it, whether or not it adds anything", async () => {
  const { ledger, approve } = await counted();
  const signed: FactShape = { by: [], where: { direction: "out", state: "signed" } };
  await ledger.keepShapes([signed]);
  for (const amountOf of [100, 100, 100]) await approve(amountOf, SLOT);
  const bounds = () =>
    ledger.read((snapshot) =>
      (["first", "last"] as const).map((which) => snapshot.bound(which, signed, factKey([]), new Set())),
    );
  expect(bounds()).toEqual([undefined, undefined]);
  for (const [number, expected] of [
    [2, [START + 2, START + 2]],
    [3, [START + 2, START + 3]],
    [1, [START + 1, START + 3]],
  ] as const) {
    const transition = { movements: [number], state: "signed" as const };
    await ledger.append(entry({ at: START + 9, type: "act", transition })).durable;
    expect(bounds()).toEqual(expected);
  }
});

test("a slot's movements are found with those of a signing, and nothing else is", async () => {
  const { ledger, approve } = await counted();
  const signing = digest("one");
  for (const of of [{ signing, ...SLOT }, SLOT, {}, { slot: digest("other") }]) await approve(100, of);
  const numbers = (...question: [string, string?]) =>
    ledger.read((snapshot) => snapshot.signed(...question).map(({ number }) => number));
  expect(numbers(signing)).toEqual([1]);
  expect(numbers(signing, SLOT.slot)).toEqual([1, 2]);
  expect(numbers(digest("none"), SLOT.slot)).toEqual([1, 2]);
  expect(numbers(signing, digest("other"))).toEqual([1, 4]);
});

test("a slot is looked up by its index", () => {
  const directory = stateDirectory();
  return opened(directory).then(() => {
    const plan = (where: string) =>
      beside(directory).prepare(`EXPLAIN QUERY PLAN SELECT * FROM movements WHERE ${where}`).raw(true).all();
    expect(String(plan("slot = ?"))).toMatch(/movements_slot/);
    const either = String(plan("signing = ? OR slot = ? ORDER BY number"));
    expect(either).toMatch(/movements_slot/);
    expect(either).toMatch(/movements_signing/);
    expect(either).not.toMatch(/SCAN/);
  });
});

/** The naive form: a list, and every question answered by going through all of it. */
interface Known {
  readonly number: number;
  readonly entry: number;
  readonly at: number;
  readonly signing: string;
  readonly slot: string | undefined;
  readonly movement: Movement;
  state: MovementState;
}

const SHAPES: readonly FactShape[] = [
  ALL,
  { by: ["wallet.id"], where: { direction: "out" } },
  { by: ["transaction.sources[].address"], where: { direction: "out" } },
  { by: ["wallet.id"], where: { direction: "out", state: "signed" } },
];
const VALUES = ["v1", "v2"];

function countsUnder(shape: FactShape, value: string | undefined, { movement: of, state }: Known): boolean {
  if (state === "released" || (shape.where.state ?? state) !== state) return false;
  const [member] = shape.by;
  if (member === "wallet.id") return of.wallet === value;
  return member === undefined || of.sources.includes(value ?? "");
}

const sumOf = (amounts: readonly (string | undefined)[]) =>
  amounts.reduce((total, amount) => total + BigInt(amount ?? 0), 0n);

function totalsOf(list: readonly Known[]): FactTotals {
  const rows = list.map(({ movement: of }) => of);
  return {
    count: rows.length,
    usdMicros: sumOf(rows.map(({ usd_micros }) => usd_micros)),
    unpriced: rows.filter(({ usd_micros }) => usd_micros === undefined).length,
    units: sumOf(rows.map(({ units }) => units)),
    unmeasured: rows.filter(({ units }) => units === undefined).length,
  };
}

function largest(list: readonly Known[]): FactTotals {
  const signings = [...new Set(list.map(({ signing }) => signing))];
  const sums = signings.map((signing) => totalsOf(list.filter((known) => known.signing === signing)));
  const most = (of: (totals: FactTotals) => bigint | number) =>
    sums.map((totals) => BigInt(of(totals))).reduce((a, b) => (a > b ? a : b), 0n);
  return {
    ...totalsOf(list),
    count: Number(most(({ count }) => count)),
    usdMicros: most(({ usdMicros }) => usdMicros),
    units: most(({ units }) => units),
  };
}

function combined(a: FactTotals, b: FactTotals, sign: 1 | -1): FactTotals {
  return {
    count: a.count + sign * b.count,
    usdMicros: a.usdMicros + BigInt(sign) * b.usdMicros,
    unpriced: a.unpriced + sign * b.unpriced,
    units: a.units + BigInt(sign) * b.units,
    unmeasured: a.unmeasured + sign * b.unmeasured,
  };
}

/** In a window a slot has what its largest signing has grown by since the window began, and all that is not known. */
function naive(list: readonly Known[], after: number): FactTotals {
  let totals = totalsOf(list.filter(({ slot, at }) => slot === undefined && at > after));
  for (const slot of new Set(list.flatMap((known) => known.slot ?? []))) {
    const inSlot = list.filter((known) => known.slot === slot);
    totals = combined(totals, largest(inSlot), 1);
    totals = combined(totals, largest(inSlot.filter(({ at }) => at <= after)), -1);
  }
  return totals;
}

function compare(ledger: Ledger, shape: FactShape, list: readonly Known[]): void {
  const times = [...new Set(list.map(({ at }) => at)), START - 1];
  for (const value of shape.by.length === 0 ? [undefined] : VALUES) {
    const key = factKey(value === undefined ? [] : [value]);
    const all = list.filter((known) => countsUnder(shape, value, known));
    ledger.read((snapshot) => {
      expect(snapshot.totals(shape, key)).toEqual(naive(all, 0));
      for (const after of times) {
        expect(snapshot.totals(shape, key, after)).toEqual(naive(all, after));
        const inside = all.filter(({ at }) => at > after);
        expect(snapshot.bound("first", shape, key, new Set(), after)).toBe(inside[0]?.at);
        expect(snapshot.bound("last", shape, key, new Set(), after)).toBe(inside.at(-1)?.at);
      }
    });
  }
}

function claimOf(rows: readonly Movement[]): string {
  return JSON.stringify(rows.map(({ wallet, units, sources }) => `${wallet} ${units} ${sources}`).sort());
}

/** Whether an earlier approval of the same signing says the same, and nothing of it was released. */
function isKnown(list: readonly Known[], signing: string, rows: readonly Movement[]): boolean {
  const held = list.filter((known) => known.signing === signing && known.state !== "released");
  const entries = [...new Set(held.map((known) => known.entry))];
  return entries.some(
    (each) =>
      claimOf(held.filter((known) => known.entry === each).map((known) => known.movement)) === claimOf(rows),
  );
}

const amount = fc.option(
  fc.oneof(fc.nat(9).map(String), fc.bigInt({ min: 0n, max: 2n ** 90n }).map(String)),
  {
    nil: undefined,
    freq: 5,
  },
);
const someMovement = fc
  .record({
    wallet: fc.constantFrom(...VALUES),
    sources: fc.subarray(VALUES, { minLength: 1 }),
    units: amount,
    usd_micros: amount,
  })
  .map((members) => movement(members));
const claim = fc.record({
  slot: fc.constantFrom(undefined, "slot-a", "slot-a", "slot-b"),
  signing: fc.constantFrom("1", "2", "3"),
  rows: fc.array(someMovement, { minLength: 1, maxLength: 3 }),
});

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("append" as const), later: fc.nat(2), claim }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("enter" as const),
      which: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
      state: fc.constantFrom(
        "reserved" as const,
        "signed" as const,
        "released" as const,
        "released" as const,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("keep" as const), shape: fc.nat(SHAPES.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("ask" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const), claim }) },
);

test("windows and bounds add up as a list does that has all signings, and verify", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const directory = stateDirectory();
      let { ledger } = await opened(directory);
      const list: Known[] = [];
      const kept = new Set<FactShape>();
      const waiting: Promise<unknown>[] = [];
      let at = START;
      let entries = 0;
      const movementsOf = ({
        slot,
        signing,
        rows,
      }: {
        slot: string | undefined;
        signing: string;
        rows: Movement[];
      }) => ({
        signing: digest(`${slot ?? "none"} ${signing}`),
        ...(slot === undefined ? {} : { slot: digest(slot) }),
        rows,
      });
      const ask = async () => {
        await Promise.all(waiting);
        for (const shape of kept) compare(ledger, shape, list);
      };
      for (const each of steps) {
        if (each.do === "append") {
          at += each.later;
          entries += 1;
          const movements = movementsOf(each.claim);
          const { signing, rows } = movements;
          if (!isKnown(list, signing, rows)) {
            for (const row of rows) {
              const of = { entry: entries, at, signing, slot: each.claim.slot, movement: row };
              list.push({ ...of, number: list.length + 1, state: "reserved" });
            }
          }
          waiting.push(ledger.append(entry({ at, movements })).durable);
        } else if (each.do === "enter") {
          // What was released stays so: no act of an operator says otherwise, nor would a verification believe it.
          const known = list.filter(
            ({ number, state }) => each.which.includes(number - 1) && state !== "released",
          );
          const movements = known.map(({ number }) => number);
          for (const one of known) one.state = each.state;
          const transition = { movements, state: each.state };
          waiting.push(ledger.append(entry({ at, type: "act", transition })).durable);
        } else if (each.do === "keep") {
          const shape = SHAPES[each.shape];
          if (shape === undefined) continue;
          // Not waited for: what follows is appended while it catches up.
          waiting.push(ledger.keepShapes([shape]).then(() => kept.add(shape)));
        } else if (each.do === "ask") {
          await ask();
        } else if (each.do === "fail") {
          // Its amount can't be stored, so that all it shares a group with is written anew.
          const movements = movementsOf({
            ...each.claim,
            rows: [...each.claim.rows, movement({ units: "much" })],
          });
          waiting.push(expect(ledger.append(entry({ at, movements })).durable).rejects.toThrow());
        } else {
          await Promise.all(waiting);
          await ledger.close();
          ({ ledger } = await opened(directory));
        }
      }
      await ask();
      await ledger.close();
      const problems = new Problems();
      const database = openToRead(join(directory, "ledger.db"));
      verifyFacts(database, problems);
      database.close();
      expect(problems.first).toEqual([]);
    }),
    { numRuns: 30 },
  );
}, 120_000);

test("a shape that is asked for later sees the slots as the others do", async () => {
  const { ledger, approve, release } = await counted();
  const later: FactShape = { by: ["wallet.id"], where: { direction: "out" } };
  for (let round = 0; round < 120; round += 1) {
    const slot = digest(`slot ${round % 60}`);
    // Each chunk begins within the slots of another one.
    for (const more of [0, 5, 2]) await approve(round * 10 + more, { slot });
    if (round % 7 === 0) await release(3 * round + 2);
  }
  await ledger.keepShapes([later]);
  for (let after = START - 1; after < START + 370; after += 13) {
    const byWallet = ledger.read((snapshot) => snapshot.totals(later, factKey(["wallet-1"]), after));
    expect(byWallet).toEqual(usd(ledger, after));
  }
}, 60_000);

test.each([
  ["a late change is missing", "DELETE FROM fact_late", /do not grow by its movement/],
  ["a growth is another", "UPDATE fact_log SET usd_micros = '101' WHERE movement = 1", /do not grow/],
  ["a slot is gone", "UPDATE movements SET slot = NULL WHERE number = 2", /do not grow|are not those/],
  ["a slot is another's", "UPDATE movements SET slot = zeroblob(32) WHERE number = 2", /do not grow/],
])("verification finds that %s", async (_, sql, words) => {
  const directory = stateDirectory();
  const { ledger, approve, release } = await counted(directory);
  for (const amountOf of [100, 130, 120]) await approve(amountOf, SLOT);
  await release(2);
  await ledger.close();
  beside(directory).exec(sql);
  const problems = new Problems();
  const database = openToRead(join(directory, "ledger.db"));
  verifyFacts(database, problems);
  database.close();
  expect(problems.first.map(({ what }) => what).join("\n")).toMatch(words);
});
