/** The clock of the process, set back: by little it is served with time standing still, by much it is not. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { serverClock } from "../support/set-clock.ts";
import { readLedger } from "./ledger-file.ts";
import { codeOf, freshTransfer, Site } from "./site.ts";

const HOUR = 3_600_000;

const site = new Site();
const clock = serverClock(site.installation);

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  clock.set(0);
  await site.start(clock.environment);
});

afterAll(async () => {
  vi.useRealTimers();
  await site.remove();
});

/** When decisions were, in the ledger's order. */
const times = (): readonly number[] =>
  readLedger(site.state)
    .rows.filter(({ type }) => type === "decision")
    .map(({ at }) => at);

async function expectBehind(): Promise<void> {
  const reply = await site.ask(freshTransfer());
  expect(reply).toMatchObject({ status: 30, action: "REJECT" });
  expect(codeOf(reply)).toBe("CLOCK_BEHIND");
  const { status, failing } = await site.readiness();
  expect([status, failing]).toEqual([503, ["clock"]]);
}

test("back by 3 s: served, and time stands still until the clock has caught up", async () => {
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  const before = times();
  clock.set(-3_000);
  for (let asked = 0; asked < 3; asked += 1) {
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  }
  expect((await site.readiness()).status).toBe(200);
  expect(times()).toEqual([...before, ...Array(3).fill(before.at(-1))]);
  clock.set(0);
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  expect(times().at(-1)).toBeGreaterThan(before.at(-1) ?? 0);
});

test("back by an hour: CLOCK_BEHIND until it has caught up, after a restart too", async () => {
  const refused = freshTransfer();
  clock.set(-HOUR);
  expect(codeOf(await site.ask(refused))).toBe("CLOCK_BEHIND");
  await expectBehind();
  await site.running.stop("SIGKILL");
  await site.start(clock.environment);
  await expectBehind();

  clock.set(-4_000);
  // They were of the future when it started.
  site.installation.writePrices();
  await site.admin("/v1/reload", {});
  expect(codeOf(await site.ask(refused))).toBe("APPROVE");
  clock.set(0);
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  expect((await site.readiness()).status).toBe(200);
  const ordered = times();
  expect(ordered).toEqual([...ordered].sort((one, other) => one - other));
  await site.running.stop();
  expect(site.verify()).toEqual({ ok: true, found: 0 });
});
