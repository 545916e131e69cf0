/** How long a release decides: until its statement expires, and while its place shows it. No clock makes it younger. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { codeOf, freshTransfer, until } from "../faults/site.ts";
import { rfc3339 } from "../support/publisher.ts";
import { serverClock } from "../support/set-clock.ts";
import { SignedSite } from "./signed-site.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const HOUR = 3_600_000;

let site: SignedSite;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await site.remove();
});

async function expectRefused(code: string): Promise<void> {
  const reply = await site.ask(freshTransfer());
  expect(reply).toMatchObject({ status: 30, action: "REJECT" });
  expect(codeOf(reply)).toBe(code);
}

const expectApproved = async (): Promise<void> => {
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
};

const alarmed = async (code: string): Promise<boolean> =>
  (await site.status()).alarms.some((alarm) => alarm.code === code);

test("a statement expires while it is live; a clock set back does not revive it, nor does a restart", async () => {
  site = await SignedSite.prepare({ poll: "200ms" });
  const clock = serverClock(site.installation);
  clock.set(0);
  const made = Date.now();
  const times = { created_at: rfc3339(made), expires_at: rfc3339(made + 2 * HOUR) };
  await site.publish(site.demo, { sequence: 1, ...times });
  await site.start(clock.environment);
  await expectApproved();
  expect((await site.status()).warnings.join()).not.toContain("RELEASE_EXPIRES");

  clock.set(1.75 * HOUR);
  await expectApproved();
  expect((await site.status()).warnings).toContainEqual(expect.stringMatching(/^RELEASE_EXPIRES: /));
  await until("the log warns", () => site.running.log.some(({ code }) => code === "RELEASE_EXPIRES"));
  expect((await site.readiness()).failing).toEqual([]);

  const asked = freshTransfer();
  expect(codeOf(await site.ask(asked))).toBe("APPROVE");
  clock.set(2 * HOUR);
  await expectRefused("POLICY_EXPIRED");
  // Not even what was approved a moment ago is said again.
  expect(codeOf(await site.ask(asked))).toBe("POLICY_EXPIRED");
  expect(await site.readiness()).toMatchObject({
    status: 503,
    failing: ["release_age"],
    details: { release_age: expect.stringMatching(/^POLICY_EXPIRED/) },
  });
  await until("an alarm", () => alarmed("POLICY_EXPIRED"));

  clock.set(2 * HOUR - 4_000);
  await expectRefused("POLICY_EXPIRED");
  clock.set(0);
  await expectRefused("CLOCK_BEHIND");
  await site.running.stop("SIGKILL");
  await site.start(clock.environment);
  await expectRefused("CLOCK_BEHIND");
  expect((await site.status()).release).toBeUndefined();
  clock.set(2 * HOUR);
  await expectRefused("POLICY_ABSENT");

  // Signed anew, the same archive decides again.
  const renewed = { created_at: rfc3339(made + 2 * HOUR), expires_at: rfc3339(made + 4 * HOUR) };
  await site.publish(site.demo, { sequence: 2, ...renewed });
  expect((await site.reload()).live?.sequence).toBe(2);
  await expectApproved();
  expect(site.exceptions()).toEqual([]);
});

test("a release that its place does not show any more is stale, after a restart too, and good when it does", async () => {
  site = await SignedSite.prepare({ poll: "200ms", max_age: "4s" });
  await site.publish(site.demo, { sequence: 3 });
  await site.start();
  await site.live();
  await expectApproved();
  const pair = { archive: site.demo.bytes, statement: await site.signed(site.demo, { sequence: 3 }) };

  // Whoever holds back what is new can't have the old one decide for ever.
  site.put(site.other.bytes, await site.signed(site.other, { sequence: 2 }));
  await until("stale", async () => codeOf(await site.ask(freshTransfer())) === "POLICY_STALE");
  await expectRefused("POLICY_STALE");
  expect(await site.readiness()).toMatchObject({
    status: 503,
    failing: ["release_age"],
    details: { release_age: expect.stringMatching(/^POLICY_STALE/) },
  });
  await until("an alarm", () => alarmed("POLICY_STALE"));
  await site.running.stop("SIGKILL");
  await site.start();
  expect(await site.live()).toMatchObject({ sequence: 3 });
  await expectRefused("POLICY_STALE");

  site.put(pair.archive, pair.statement);
  await until("good again", async () => codeOf(await site.ask(freshTransfer())) === "APPROVE");
  expect((await site.readiness()).failing).toEqual([]);
  expect(site.exceptions()).toEqual([]);
});
