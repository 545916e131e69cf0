/** A gate: before a release goes live, past decisions are judged by it, and nothing is let through that was refused. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { codeOf, decisionIdOf, freshTransfer, until } from "../faults/site.ts";
import { boundConfig, run } from "../support/command.ts";
import { SignedSite } from "./signed-site.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let site: SignedSite;
const refused: string[] = [];

/** What was live refused three transfers that the demo approves. */
beforeEach(async () => {
  refused.length = 0;
  site = await SignedSite.prepare({ candidate: "./next.tar.gz", gate: { replay: "7d" } });
  await site.publish(site.refusing, { sequence: 1 });
  await site.start();
  for (let times = 0; times < 3; times += 1) {
    const answer = await site.ask(freshTransfer());
    expect(answer.action).toBe("REJECT");
    refused.push(decisionIdOf(answer) ?? "");
  }
});
afterEach(() => site.remove());

const gate = async () => (await site.whole()).gate;

async function expectRefused(): Promise<void> {
  const { live, changed, error } = await site.reload();
  expect({ live, changed }).toMatchObject({ live: { sequence: 1 }, changed: false });
  expect(error).toMatch(
    /^gate: 3 of 3 decisions of the last 7 days would be newly approved, at most 0 may be: 3 refused by transfer\//,
  );
  for (const id of refused) expect(error).toContain(id);
}

test("a first release has no past and passes; one that approves what was refused does not, and is no bad one", async () => {
  expect(await gate()).toMatchObject({
    ...{ replay_ms: 7 * 86_400_000, max_newly_approved: 0 },
    run: { state: "passed", sequence: 1, replayed: 0, newly_approved: 0 },
  });
  await site.publish(site.demo, { sequence: 2 });
  await expectRefused();
  const { alarms, quarantined, last_release_error, release } = await site.whole();
  expect(alarms[0]).toMatchObject({ code: "RELEASE_REFUSED", message: expect.stringMatching(/^gate: /) });
  expect([quarantined, last_release_error?.step, release?.sequence]).toEqual([[], "gate", 1]);
  expect((await gate())?.run).toMatchObject({
    state: "refused",
    sequence: 2,
    replayed: 3,
    newly_approved: 3,
  });
  const { out } = await run("status", "--config", boundConfig(site.installation, site.running));
  expect(out).toMatch(/^gate {6}the last 7 d, at most 0 newly approved$/m);
  expect(out).toMatch(/, sequence 2: refused \d+ s ago, 3 decisions judged: 3 of 3 decisions/);
  expect((await site.ask(freshTransfer())).action).toBe("REJECT");

  // As a candidate it judges, and its promotion meets the same gate.
  await site.publishCandidate(site.demo, { sequence: 2 });
  await site.reload();
  await until("it judges", async () => (await site.whole()).candidate?.shadow !== undefined);
  expect(await site.admin("/v1/promote", { reason: "it looks good" })).toMatchObject({
    status: 409,
    body: { code: "GATE", step: "gate", detail: expect.stringMatching(/newly approved/) },
  });
  const promote = ["policy", "promote", "--config", boundConfig(site.installation, site.running)];
  const typed = await run(...promote, "--reason", "r", "--json");
  expect(typed.code).toBe(1);
  expect(JSON.parse(typed.out)).toMatchObject({ ok: false, error: expect.stringMatching(/newly approved/) });
  expect(site.releaseEntries()).toHaveLength(1);
  expect((await site.ask(freshTransfer())).action).toBe("REJECT");
  expect(site.exceptions()).toEqual([]);
});

test("a restart does not get past it: what was kept decides, and what was live last is not asked again", async () => {
  await site.running.stop("SIGKILL");
  await site.publish(site.demo, { sequence: 2 });
  await site.start();
  await until("refused", async () => (await site.whole()).last_release_error?.step === "gate");
  expect((await site.whole()).release).toMatchObject({
    sequence: 1,
    source: expect.stringContaining("last good release"),
  });
  expect((await site.ask(freshTransfer())).action).toBe("REJECT");
  await site.running.stop();

  await site.publish(site.refusing, { sequence: 1 });
  await site.start();
  expect((await gate())?.run).toMatchObject({ state: "skipped", sequence: 1 });
  expect((await site.whole()).release).toMatchObject({ sequence: 1, source: site.release });
  const told = () => site.running.log.filter(({ msg }) => msg === "gate");
  await expect.poll(told).toMatchObject([{ state: "skipped", sequence: 1 }]);
});

test("one that refuses as much passes, and so does one that is allowed what it approves", async () => {
  await site.publish(site.refusing, { sequence: 2 });
  expect(await site.reload()).toMatchObject({ live: { sequence: 2 } });
  // The same archive: nothing changes by it.
  expect((await gate())?.run).toMatchObject({ state: "skipped", sequence: 2 });
  await site.running.stop();
  site.installation.config["policy"] = {
    ...Object(site.installation.config["policy"]),
    gate: { replay: "7d", max_newly_approved: 3 },
  };
  await site.start();
  await site.publish(site.demo, { sequence: 3 });
  expect(await site.reload()).toMatchObject({ live: { sequence: 3 } });
  expect((await gate())?.run).toMatchObject({ state: "passed", replayed: 3, newly_approved: 3 });
  expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  // And back: what is stricter always passes.
  await site.publish(site.refusing, { sequence: 4 });
  expect(await site.reload()).toMatchObject({ live: { sequence: 4 } });
  expect((await gate())?.run).toMatchObject({ state: "passed", newly_approved: 0, newly_refused: 1 });
});

test("what was refused is not judged again before it changes, or somebody asks", async () => {
  await site.running.stop();
  const policy = Object(site.installation.config["policy"]);
  site.installation.config["policy"] = { ...policy, poll: "100ms" };
  await site.start();
  await site.publish(site.demo, { sequence: 2 });
  await until("refused", async () => (await site.failures())["gate"] === 1);
  await sleep(1_000);
  expect(await site.failures()).toEqual({ gate: 1 });
  await expectRefused();
  expect(await site.failures()).toEqual({ gate: 2 });
});
