/** Requests at once, from two nodes, against a cap that only some of them fit: exactly those pass. */
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readLedger } from "./ledger-file.ts";
import { codeOf, LONG, type NodeName, Site } from "./site.ts";
import { fits, type Transfer } from "./transfer.ts";

const RUNS = LONG ? 400 : 20;
const REFUSED = new Set(["DAILY_LIMIT", "DAILY_SOFT_LIMIT", "HELD"]);

const site = new Site();
beforeAll(() => site.start());
afterAll(() => site.remove());

interface Sent {
  readonly afterMs: number;
  readonly node: NodeName;
  /** The other node asks for the same bytes, so much later. */
  readonly againMs?: number;
}

const other = (node: NodeName): NodeName => (node === "node-1" ? "node-2" : "node-1");

const sent: fc.Arbitrary<Sent> = fc
  .record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 })),
    node: fc.constantFrom<NodeName>("node-1", "node-2"),
    againMs: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined, freq: 3 }),
  })
  .map(({ againMs, ...rest }) => ({ ...rest, ...(againMs === undefined ? {} : { againMs }) }));

let wallets = 0;

test(
  `${RUNS} schedules against a daily cap`,
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sent, { minLength: 4, maxLength: 14 }),
        fc.constantFrom(1, 1, 1, 2, 3),
        async (schedule, tenThousandths) => {
          const wallet = `wallet-${wallets++}`;
          const codes = await Promise.all(
            schedule.map(async ({ afterMs, node, againMs }, index) => {
              const transfer: Transfer = { id: `${wallet}-${index}`, wallet, tenThousandths };
              await sleep(afterMs);
              const first = site.ask(transfer, `${transfer.id}:1`, node);
              if (againMs === undefined) return [codeOf(await first)];
              await sleep(againMs);
              const second = site.ask(transfer, `${transfer.id}:2`, other(node));
              return [codeOf(await first), codeOf(await second)];
            }),
          );
          for (const code of codes.flat()) if (code !== "APPROVE") expect(REFUSED).toContain(code);
          const approved = codes.filter((each) => each.includes("APPROVE"));
          expect(approved).toHaveLength(Math.min(schedule.length, fits(tenThousandths)));
          // What one node was granted the other is, too: the same bytes count once.
          for (const each of approved) expect(new Set(each)).toEqual(new Set(["APPROVE"]));
        },
      ),
      { numRuns: RUNS },
    );
    const spent = new Map<string, number>();
    for (const { wallet } of readLedger(site.state).movements) {
      spent.set(wallet, (spent.get(wallet) ?? 0) + 1);
    }
    expect(Math.max(...spent.values())).toBe(fits(1));
    expect(site.exceptions()).toEqual([]);
  },
  LONG ? 900_000 : 120_000,
);
