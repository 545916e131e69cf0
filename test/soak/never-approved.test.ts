/** The long form of the property test: the same properties, many more mutations. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LiveRelease } from "../../src/policy/live.ts";
import { demoRelease } from "../property/in-process.ts";
import {
  APPROVED,
  assertNeverApproved,
  assertStaysApproved,
  REFUSED,
  type Tally,
} from "../property/never-approved.ts";
import { LONG } from "./load.ts";

/** For each of the three; on a slow machine they end with fewer mutations. */
const LIMIT_MS = 180_000;

let live: LiveRelease;

beforeAll(async () => {
  live = await demoRelease();
});

afterAll(async () => {
  await live.engine.close();
});

function print(name: string, tally: Tally): void {
  const counts = [...tally]
    .sort(([, one], [, other]) => other - one)
    .map(([code, count]) => `${code} ${count}`);
  const total = [...tally.values()].reduce((sum, count) => sum + count, 0);
  process.stdout.write(`${name}: ${total} mutations: ${counts.join(", ")}\n`);
}

test.runIf(LONG)(
  "no mutation is approved that must not be",
  async () => {
    const refused = await assertNeverApproved(REFUSED, live, { runs: 200_000, limitMs: LIMIT_MS });
    print("of refused requests", refused);
    const approved = await assertNeverApproved(APPROVED, live, { runs: 100_000, limitMs: LIMIT_MS });
    print("of approved requests", approved);
    expect(approved.get("approved")).toBeGreaterThan(0);
    print("in other words", await assertStaysApproved(live, { runs: 20_000, limitMs: LIMIT_MS }));
  },
  3 * LIMIT_MS + 60_000,
);
