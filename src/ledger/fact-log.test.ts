import fc from "fast-check";
import { expect, test } from "vitest";
import { entry, movement, opened, reserved, stateDirectory } from "../../test/support/ledger.ts";
import { type FactMember, type FactShape, factKey } from "../input/fact-shape.ts";
import type { FactTotals, Ledger, Movement, MovementState } from "./ledger.ts";

/** The naive form: a list, and every question answered by going through all of it. */
interface Known {
  readonly number: number;
  readonly at: number;
  readonly movement: Movement;
  state: MovementState;
}

const READ: Readonly<Partial<Record<FactMember, (of: Movement) => readonly (string | undefined)[]>>> = {
  "wallet.id": (of) => [of.wallet],
  "transaction.token": (of) => [of.token],
  "transaction.destinations[].address": (of) => [of.destination],
  "transaction.sources[].address": (of) => of.sources,
};

const WALLETS = ["w1", "w2"] as const;
const ADDRESSES = ["a1", "a2", "a3"] as const;
const START = 1_700_000_000_000;

const SHAPES: readonly FactShape[] = [
  { by: [], where: { direction: "out" } },
  { by: ["wallet.id"], where: { direction: "out" } },
  { by: ["wallet.id", "transaction.destinations[].address"], where: { direction: "out" } },
  { by: ["transaction.sources[].address"], where: { direction: "out" } },
  { by: ["wallet.id"], where: { direction: "out", state: "signed" } },
  { by: ["wallet.id"], where: { direction: "out", state: "reserved" } },
  { by: ["wallet.id"], where: { direction: "in", "transaction.sources[].address": "a1" } },
];

/** The values that a question may be about, for each member of a shape in its sorted order. */
function valuesOf(shape: FactShape): string[][] {
  let all: string[][] = [[]];
  for (const member of [...shape.by].sort()) {
    const values = member === "wallet.id" ? WALLETS : ADDRESSES;
    all = all.flatMap((before) => values.map((value) => [...before, value]));
  }
  return all;
}

function counts(shape: FactShape, values: readonly string[], { movement: of, state }: Known): boolean {
  if (state === "released" || of.direction !== shape.where.direction) return false;
  if (shape.where.state !== undefined && shape.where.state !== state) return false;
  const source = shape.where["transaction.sources[].address"];
  if (source !== undefined && !of.sources.includes(source)) return false;
  return [...shape.by].sort().every((member, at) => READ[member]?.(of).includes(values[at]));
}

function naive(list: readonly Known[]): FactTotals {
  const sum = (amounts: readonly (string | undefined)[]) =>
    amounts.reduce((total, amount) => total + BigInt(amount ?? 0), 0n);
  return {
    count: list.length,
    usdMicros: sum(list.map((known) => known.movement.usd_micros)),
    unpriced: list.filter((known) => known.movement.usd_micros === undefined).length,
    units: sum(list.map((known) => known.movement.units)),
    unmeasured: list.filter((known) => known.movement.units === undefined).length,
  };
}

function compare(ledger: Ledger, shape: FactShape, list: readonly Known[]): void {
  const times = [...new Set(list.map(({ at }) => at)), START - 1];
  for (const values of valuesOf(shape)) {
    const key = factKey(values);
    const all = list.filter((known) => counts(shape, values, known));
    const without = new Set(all.slice(0, 1).map(({ number }) => number));
    ledger.read((snapshot) => {
      expect(snapshot.totals(shape, key)).toEqual(naive(all));
      for (const after of [undefined, ...times]) {
        const inside = all.filter(({ at }) => after === undefined || at > after);
        if (after !== undefined) expect(snapshot.totals(shape, key, after)).toEqual(naive(inside));
        const left = inside.filter(({ number }) => !without.has(number));
        expect(snapshot.bound("first", shape, key, without, after)).toBe(left[0]?.at);
        expect(snapshot.bound("last", shape, key, without, after)).toBe(left.at(-1)?.at);
        // These are kept from one step to the next.
        expect(snapshot.bound("first", shape, key, new Set(), after)).toBe(inside[0]?.at);
        expect(snapshot.bound("last", shape, key, new Set(), after)).toBe(inside.at(-1)?.at);
      }
    });
  }
}

const amount = fc.option(
  fc.oneof(fc.nat(100).map(String), fc.bigInt({ min: 0n, max: 2n ** 90n }).map(String)),
);
const someMovement = fc
  .record({
    wallet: fc.constantFrom(...WALLETS),
    destination: fc.option(fc.constantFrom(...ADDRESSES)),
    sources: fc.subarray([...ADDRESSES]),
    direction: fc.constantFrom("out" as const, "out" as const, "in" as const),
    units: amount,
    usd: amount,
  })
  .map(({ destination, units, usd, ...others }) => {
    const { destination: _d, units: _u, usd_micros: _m, ...rest } = movement(others);
    return {
      ...rest,
      ...(destination === null ? {} : { destination }),
      ...(units === null ? {} : { units }),
      ...(usd === null ? {} : { usd_micros: usd }),
    };
  });

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      later: fc.nat(2),
      rows: fc.array(someMovement, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("enter" as const),
      which: fc.array(fc.nat(30), { minLength: 1, maxLength: 3 }),
      state: fc.constantFrom("reserved" as const, "signed" as const, "settled" as const, "released" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("keep" as const), shape: fc.nat(SHAPES.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("fail" as const),
      rows: fc.array(someMovement, { maxLength: 2 }),
    }),
  },
);

test("windows, bounds and late changes add up as a list does, whenever a shape is added", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const directory = stateDirectory();
      let { ledger } = await opened(directory);
      const list: Known[] = [];
      const kept = new Set<FactShape>();
      const waiting: Promise<unknown>[] = [];
      let at = START;
      for (const each of steps) {
        if (each.do === "append") {
          at += each.later;
          for (const row of each.rows)
            list.push({ number: list.length + 1, at, movement: row, state: "reserved" });
          waiting.push(ledger.append(entry({ at, movements: reserved(each.rows) })).durable);
        } else if (each.do === "enter") {
          const movements = each.which.map((number) => number + 1).filter((number) => number <= list.length);
          for (const known of list) if (movements.includes(known.number)) known.state = each.state;
          const transition = { movements, state: each.state };
          waiting.push(ledger.append(entry({ at, type: "act", transition })).durable);
        } else if (each.do === "keep") {
          const shape = SHAPES[each.shape];
          if (shape === undefined) continue;
          kept.add(shape);
          // Not waited for: what follows is appended while it catches up.
          waiting.push(ledger.keepShapes([shape]));
        } else if (each.do === "wait") {
          await Promise.all(waiting);
        } else if (each.do === "fail") {
          // Its amount can't be stored, so that all it shares a group with is written anew.
          const rows = [...each.rows, movement({ units: "much" })];
          waiting.push(
            expect(ledger.append(entry({ at, movements: reserved(rows) })).durable).rejects.toThrow(),
          );
        } else {
          await Promise.all(waiting);
          await ledger.close();
          ({ ledger } = await opened(directory));
        }
      }
      await Promise.all(waiting);
      for (const shape of kept) compare(ledger, shape, list);
      await ledger.close();
    }),
    { numRuns: 25 },
  );
}, 120_000);

test("a shape catches up in many steps while decisions are written, and misses and doubles none", async () => {
  const { ledger } = await opened(stateDirectory());
  const rows = Array.from({ length: 100 }, (_, at) => movement({ wallet: `w${at % 2}` }));
  const append = (turn: number) =>
    ledger.append(entry({ at: START + turn, movements: reserved(rows) })).durable;
  for (let turn = 0; turn < 50; turn += 1) await append(turn);
  const shape: FactShape = { by: ["wallet.id"], where: { direction: "out" } };
  let ready = false;
  const keeping = ledger.keepShapes([shape]).then(() => {
    ready = true;
  });
  let turn = 50;
  let meanwhile = 0;
  while (!ready) {
    await append(turn);
    // One that was counted, or not yet: both are possible here.
    const transition = { movements: [turn, turn * 100], state: "released" as const };
    await ledger.append(entry({ at: START + turn, type: "act", transition })).durable;
    turn += 1;
    meanwhile += 1;
  }
  await keeping;
  await append(turn);
  expect(meanwhile).toBeGreaterThan(2);
  const { count } = ledger.read((snapshot) => {
    const [even, odd] = ["w0", "w1"].map((wallet) => snapshot.totals(shape, factKey([wallet])));
    return { count: (even?.count ?? 0) + (odd?.count ?? 0) };
  });
  expect(count).toBe((turn + 1) * 100 - 2 * meanwhile);
});

test("what is not kept is refused, and is no fault of the ledger", async () => {
  const { ledger } = await opened(stateDirectory());
  const shape: FactShape = { by: [], where: { direction: "out" } };
  expect(() => ledger.read((snapshot) => snapshot.totals(shape, factKey([])))).toThrow(
    expect.objectContaining({ code: "LEDGER_UNAVAILABLE" }),
  );
  expect(ledger.health().ok).toBe(true);
  await ledger.keepShapes([shape]);
  expect(ledger.read((snapshot) => snapshot.totals(shape, factKey([])).count)).toBe(0);
});
