import fc from "fast-check";
import { expect, test } from "vitest";
import { beside, entry, movement, opened, reserved, stateDirectory } from "../../test/support/ledger.ts";
import { type FactShape, factKey } from "../input/fact-shape.ts";
import type { Ledger } from "./ledger.ts";

const SHAPE: FactShape = { by: ["wallet.id"], where: { direction: "out" } };
const START = 1_700_000_000_000;

interface Sent {
  readonly order: number;
  readonly wallet: string;
  readonly at: number;
  readonly usd: bigint;
  readonly signing: string;
}

/** What a caller sees: the snapshot, and what it has sent that the snapshot lacks, each signing once. */
function seen(ledger: Ledger, wallet: string, after: number | undefined, sent: readonly Sent[]) {
  return ledger.read((snapshot) => {
    const { count, usdMicros } = snapshot.totals(SHAPE, factKey([wallet]), after);
    const known = new Set(
      sent.filter(({ order }) => order <= snapshot.through).map(({ signing }) => signing),
    );
    const missing = sent.filter(({ order, signing }) => {
      if (order <= snapshot.through || known.has(signing)) return false;
      known.add(signing);
      return true;
    });
    const more = missing.filter((each) => each.wallet === wallet && (after === undefined || each.at > after));
    const bound = (which: "first" | "last") =>
      snapshot.bound(which, SHAPE, factKey([wallet]), new Set(), after) ?? [];
    return {
      times: timesOf([bound("first"), bound("last"), ...more.map(({ at }) => at)].flat()),
      count: count + more.length,
      usd: more.reduce((sum, { usd }) => sum + usd, usdMicros),
    };
  });
}

function expected(wallet: string, after: number | undefined, sent: readonly Sent[]) {
  const first = new Map<string, Sent>();
  for (const each of sent) if (!first.has(each.signing)) first.set(each.signing, each);
  const counted = [...first.values()].filter(
    (each) => each.wallet === wallet && (after === undefined || each.at > after),
  );
  return {
    times: timesOf(counted.map(({ at }) => at)),
    count: counted.length,
    usd: counted.reduce((sum, { usd }) => sum + usd, 0n),
  };
}

function timesOf(times: readonly number[]) {
  return { first: Math.min(...times), last: Math.max(...times) };
}

const step = fc.record({
  wallet: fc.constantFrom("w1", "w2"),
  usd: fc.bigInt({ min: 0n, max: 2n ** 70n }),
  later: fc.constantFrom(0, 0, 1, 7, 40),
  window: fc.constantFrom(undefined, 1, 10, 50, 100_000),
  waits: fc.constantFrom("no", "no", "turn", "disk"),
  again: fc.boolean(),
});

test("what is read and what is on its way are exactly what was sent, at any moment", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
      const { ledger } = await opened(stateDirectory());
      await ledger.keepShapes([SHAPE]);
      const sent: Sent[] = [];
      let now = START;
      for (const { wallet, usd, later, window, waits, again } of steps) {
        now += later;
        const before = again ? sent.at(-1) : undefined;
        const row = movement({ wallet: before?.wallet ?? wallet, usd_micros: String(before?.usd ?? usd) });
        const movements = reserved([row], before?.signing);
        const { order, durable } = ledger.append(entry({ at: now, movements }));
        const { signing } = movements;
        sent.push({ order, wallet: row.wallet ?? "", at: now, usd: BigInt(row.usd_micros ?? 0), signing });
        if (waits === "turn") await new Promise(setImmediate);
        if (waits === "disk") await durable;
        const after = window === undefined ? undefined : now - window;
        for (const each of ["w1", "w2"]) {
          expect(seen(ledger, each, after, sent)).toEqual(expected(each, after, sent));
        }
      }
      await ledger.close();
    }),
    { numRuns: 25 },
  );
});

test("a key that is known is not read again, and what others write into the file is not taken for ours", async () => {
  const directory = stateDirectory();
  const { ledger } = await opened(directory);
  await ledger.keepShapes([SHAPE]);
  await ledger.append(entry({ at: START, movements: reserved([movement({ wallet: "w1" })]) })).durable;
  const read = () => ledger.read((snapshot) => snapshot.totals(SHAPE, factKey(["w1"])).count);
  expect(read()).toBe(1);
  beside(directory).exec("DELETE FROM fact_log");
  expect(read()).toBe(1);
  await ledger.append(entry({ at: START, movements: reserved([movement({ wallet: "w1" })]) })).durable;
  expect(read()).toBe(2);
});

test("a movement that is released leaves the sums at once", async () => {
  const { ledger } = await opened(stateDirectory());
  await ledger.keepShapes([SHAPE]);
  const movements = reserved([movement({ wallet: "w1" })]);
  await ledger.append(entry({ at: START, movements })).durable;
  const totals = () => ledger.read((snapshot) => snapshot.totals(SHAPE, factKey(["w1"]), START - 10));
  expect(totals().count).toBe(1);
  const [stored] = ledger.read((snapshot) => snapshot.signed(movements.signing));
  const transition = { movements: [stored?.number ?? 0], state: "released" } as const;
  await ledger.append(entry({ type: "act", at: START, transition })).durable;
  expect(totals().count).toBe(0);
  await ledger.append(entry({ at: START, movements: reserved([movement({ wallet: "w1" })]) })).durable;
  expect(totals().count).toBe(1);
});
