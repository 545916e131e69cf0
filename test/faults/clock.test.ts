/** The clock of the process, set back: by little it is served with time standing still, by much it is not. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readLedger } from "./ledger-file.ts";
import { codeOf, freshTransfer, Site } from "./site.ts";

const HOUR = 3_600_000;

/** Loaded before the server: its clock is the machine's and what the file says, milliseconds. */
const PRELOAD = `
  import { readFileSync } from "node:fs";
  const file = process.env.COUNTERSIGN_TEST_CLOCK;
  const RealDate = Date;
  const realNow = RealDate.now;
  const now = () => realNow() + Number(readFileSync(file, "utf8"));
  globalThis.Date = class Date extends RealDate {
    constructor(...parts) { if (parts.length === 0) super(now()); else super(...parts); }
    static now() { return now(); }
  };`;

const site = new Site();
const clock = site.installation.write("clock", "0");
const environment = {
  NODE_OPTIONS: `--import=${site.installation.write("clock.mjs", PRELOAD)}`,
  COUNTERSIGN_TEST_CLOCK: clock,
};

/** The node's clock goes with the server's: what is tested here are not the times in tokens. */
function setClock(offset: number): void {
  writeFileSync(clock, String(offset));
  vi.setSystemTime(performance.timeOrigin + performance.now() + offset);
}

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  setClock(0);
  await site.start(environment);
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
  setClock(-3_000);
  for (let asked = 0; asked < 3; asked += 1) {
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  }
  expect((await site.readiness()).status).toBe(200);
  expect(times()).toEqual([...before, ...Array(3).fill(before.at(-1))]);
  setClock(0);
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  expect(times().at(-1)).toBeGreaterThan(before.at(-1) ?? 0);
});

test("back by an hour: CLOCK_BEHIND until it has caught up, after a restart too", async () => {
  const refused = freshTransfer();
  setClock(-HOUR);
  expect(codeOf(await site.ask(refused))).toBe("CLOCK_BEHIND");
  await expectBehind();
  await site.running.stop("SIGKILL");
  await site.start(environment);
  await expectBehind();

  setClock(-4_000);
  // They were of the future when it started.
  site.installation.writePrices();
  await site.admin("/v1/reload", {});
  expect(codeOf(await site.ask(refused))).toBe("APPROVE");
  setClock(0);
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  expect((await site.readiness()).status).toBe(200);
  const ordered = times();
  expect(ordered).toEqual([...ordered].sort((one, other) => one - other));
  await site.running.stop();
  expect(site.verify()).toEqual({ ok: true, found: 0 });
});
