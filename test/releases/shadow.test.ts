/** A candidate judges what the live release decides, and answers nobody; an operator has it go live. */
import { copyFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { codeOf, decisionIdOf, freshTransfer, until } from "../faults/site.ts";
import { boundConfig, run } from "../support/command.ts";
import { withoutEnd } from "../support/endless-rego.ts";
import { FEW_RULES } from "../support/few-rules.ts";
import { statementOf } from "../support/publisher.ts";
import { ORDINARY, smallRelease } from "../support/small-releases.ts";
import { type Archive, archiveFrom, SignedSite } from "./signed-site.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const LIVE = 50;

const problemSchema = z.object({
  detail: z.string(),
  code: z.string().optional(),
  step: z.string().optional(),
});

async function promote(site: SignedSite, body: Record<string, unknown>) {
  const { status, body: said } = await site.admin("/v1/promote", body);
  return { status, ...(status < 300 ? { said } : problemSchema.parse(said)) };
}

const approved = async (site: SignedSite) => codeOf(await site.ask(freshTransfer()));

describe("beside a running server", () => {
  let site: SignedSite;
  beforeAll(async () => {
    site = await SignedSite.prepare({ candidate: "./next.tar.gz" });
    await site.publish(site.demo, { sequence: LIVE });
    await site.start();
  });
  afterAll(() => site.remove());

  test("nothing lies at its place: nothing is wrong, and nothing is promoted", async () => {
    expect((await site.whole()).candidate).toEqual({
      place: site.candidate,
      state: "absent",
      why: "nothing good lies at its place",
    });
    expect(await site.reload()).toMatchObject({ changed: false, live: { sequence: LIVE } });
    expect((await site.status()).alarms).toEqual([]);
    expect(await promote(site, { reason: "why not" })).toMatchObject({ status: 409, code: "NO_CANDIDATE" });
    expect((await site.admin("/v1/shadow")).status).toBe(404);
    // Who was shown nothing does not have go live what comes a moment later: the server is not even asked.
    const config = boundConfig(site.installation, site.running);
    expect(await run("policy", "promote", "--config", config, "--reason", "r")).toMatchObject({
      ...{ code: 1, errors: expect.stringContaining("nothing to promote: nothing good lies at its place") },
    });
  });

  const about = (members = {}) => site.says(site.refusing, { sequence: LIVE + 1, ...members });
  test.each<[string, () => Promise<Buffer | undefined>, string]>([
    ["without a statement", async () => undefined, "statement"],
    ["one signature short", () => statementOf(about(), site.keys3[0]), "signatures"],
    ["for another audience", () => site.signed(site.refusing, { sequence: 51, audience: "x" }), "audience"],
    ["older than what is live", () => site.signed(site.refusing, { sequence: LIVE - 1 }), "sequence"],
    ["of its sequence", () => site.signed(site.refusing, { sequence: LIVE }), "sequence"],
    ["of another digest", () => site.signed(site.other, { sequence: LIVE + 1 }), "digest"],
  ])("%s: it does not judge, and is not promoted", async (_name, statement, step) => {
    site.putCandidate(site.refusing.bytes, await statement());
    const { changed, error } = await site.reload();
    expect({ changed, error }).toEqual({
      changed: false,
      error: expect.stringMatching(new RegExp(`^candidate: ${step}: `)),
    });
    const { candidate, alarms, release, last_release_error } = await site.whole();
    expect(candidate).toMatchObject({ state: "absent", refused: { step } });
    expect(candidate?.shadow).toBeUndefined();
    expect(alarms[0]).toMatchObject({
      code: "CANDIDATE_REFUSED",
      message: expect.stringMatching(new RegExp(`^${step}: `)),
    });
    expect([release?.sequence, last_release_error]).toEqual([LIVE, undefined]);
    expect(await site.metrics()).toMatch(
      new RegExp(`^countersign_shadow_refused_total\\{step="${step}"\\} `, "m"),
    );
    expect(await promote(site, { reason: "now" })).toMatchObject({ status: 409, code: "NOT_PROVEN" });
    expect(await approved(site)).toBe("APPROVE");
  });

  test("what it would refuse is counted by rule, with what both said; every answer is the live one's", async () => {
    await site.publishCandidate(site.refusing, { sequence: LIVE + 1 });
    expect(await site.reload()).toMatchObject({ changed: false, live: { sequence: LIVE } });
    await until("it judges", async () => (await site.whole()).candidate?.shadow?.prepared === true);
    const since = (await site.whole()).candidate?.shadow?.since;
    for (let times = 0; times < 3; times += 1) expect(await approved(site)).toBe("APPROVE");
    const counts = async () => (await site.whole()).candidate?.shadow?.decisions;
    await until("judged", async () => (await counts())?.newly_refused === 3);
    expect((await site.whole()).candidate).toMatchObject({
      ...{ state: "proven", sequence: LIVE + 1, sha256: site.refusing.sha256 },
      shadow: { since, against: { sequence: LIVE }, decisions: { same: 0, newly_approved: 0, failed: 0 } },
    });
    const { body } = await site.admin("/v1/shadow");
    expect(body).toMatchObject({
      candidate: { sha256: site.refusing.sha256 },
      outcomes: [{ live: "approved", candidate: "denied", count: 3 }],
      decisions: { newly_refused: { count: 3 }, newly_approved: { count: 0, by_rule: [] } },
    });
    const shown = JSON.stringify(body);
    expect(shown).toContain('"rule":"transfer/destination_allowlist"');
    expect(shown).toMatch(/"live":\{"outcome":"approved","reasons":\[\]\}/);
    const metrics = await site.metrics();
    expect(metrics).toMatch(/^countersign_shadow_judged_total\{live="approved",candidate="denied"\} 3$/m);
    expect(metrics).toMatch(/^countersign_shadow_changes_total\{change="newly_refused"\} 3$/m);
    expect(metrics).toMatch(/^countersign_shadow_info\{.*sequence="51".*\} 1$/m);
    const { out } = await run("status", "--config", boundConfig(site.installation, site.running));
    expect(out).toMatch(/^candidate .*, sequence 51$/m);
    expect(out).toMatch(/^ +decisions: 3 newly refused$/m);
    // A refused newer one leaves it where it is, and says so.
    site.putCandidate(site.other.bytes, await site.signed(site.refusing, { sequence: LIVE + 1 }));
    expect((await site.reload()).error).toMatch(/^candidate: digest: /);
    expect((await site.whole()).candidate).toMatchObject({ state: "proven", refused: { step: "digest" } });
    expect(await promote(site, { reason: "which one" })).toMatchObject({ status: 409, code: "NOT_PROVEN" });
    await site.publishCandidate(site.refusing, { sequence: LIVE + 1 });
    expect((await site.reload()).error).toBeUndefined();
    expect((await site.whole()).candidate).toMatchObject({ state: "proven", shadow: { since } });
  });

  test("promote: refused without a reason, for a digest that is not one, and for another one than was shown", async () => {
    expect(await promote(site, {})).toMatchObject({ status: 400, detail: expect.stringMatching(/reason/) });
    expect(await promote(site, { reason: " " })).toMatchObject({ status: 400 });
    expect(await promote(site, { reason: "r", sha256: "ab" })).toMatchObject({ status: 400 });
    expect(await promote(site, { reason: "r", sha256: site.other.sha256 })).toMatchObject({
      ...{ status: 409, code: "CHANGED" },
      detail: expect.stringContaining(site.refusing.sha256),
    });
    expect((await site.status()).release?.sequence).toBe(LIVE);
    expect(site.releaseEntries()).toHaveLength(1);
  });

  test("promoted: it decides, with who and why in the ledger; a kill and an old file change nothing", async () => {
    const config = boundConfig(site.installation, site.running);
    const { out, code } = await run(
      "policy",
      "promote",
      "--config",
      config,
      "--reason",
      "a week without news",
    );
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/3 newly refused/) });
    expect(out).toMatch(/^live: revision .*, sequence 51, .*; before: revision .*, sequence 50$/m);
    expect(out).toMatch(/it stays live over a restart/);
    const refused = await site.ask(freshTransfer());
    expect([codeOf(refused), decisionIdOf(refused)]).toEqual([
      expect.not.stringMatching(/APPROVE/),
      expect.any(String),
    ]);
    const act = { by: "local", reason: "a week without news" };
    expect(site.releaseEntries().at(-1)).toMatchObject({ sequence: LIVE + 1, ...act });
    const { release, candidate, warnings } = await site.whole();
    expect(release).toMatchObject({ sha256: site.refusing.sha256, promoted: act, source: site.candidate });
    expect(candidate).toMatchObject({ state: "live", why: "it is live" });
    expect(warnings.join()).toMatch(/PROMOTED/);
    expect(await promote(site, { reason: "again" })).toMatchObject({ status: 409, code: "IS_LIVE" });

    await site.running.stop("SIGKILL");
    site.installation.config["policy"] = { ...Object(site.installation.config["policy"]), poll: "100ms" };
    await site.start();
    expect((await site.whole()).release).toMatchObject({
      ...{ sequence: LIVE + 1, sha256: site.refusing.sha256, promoted: act },
      source: expect.stringContaining("last good release"),
    });
    // The old one in the release's place is told of once; the candidate's place confirms what is live.
    const confirmed = async () => (await site.whole()).release?.confirmed_at ?? 0;
    await until("it is live there", async () => (await site.whole()).candidate?.state === "live");
    const first = await confirmed();
    await until("confirmed", async () => (await confirmed()) > first + 500);
    expect(await site.failures()).toEqual({ sequence: 1 });
    const { alarms, last_release_error } = await site.whole();
    expect(alarms).toMatchObject([{ code: "RELEASE_REFUSED", count: 1 }]);
    expect(last_release_error?.step).toBe("sequence");
    expect(codeOf(await site.ask(freshTransfer()))).toBe(codeOf(refused));

    // Nothing lies there any more: nobody confirms it.
    site.putCandidate(undefined, undefined);
    await until("absent", async () => (await site.whole()).candidate?.state === "absent");
    const last = await confirmed();
    await sleep(500);
    expect(await confirmed()).toBe(last);

    // Published at its place as well, it is a release as any other, and the next one follows.
    await site.publish(site.refusing, { sequence: LIVE + 1 });
    await until("confirmed", async () => (await site.whole()).release?.promoted === undefined);
    await site.publish(site.demo, { sequence: LIVE + 2 });
    await until("live", async () => (await site.whole()).release?.sequence === LIVE + 2);
    expect(site.exceptions()).toEqual([]);
    await site.running.stop();
    expect(site.verify()).toEqual({ ok: true, found: 0 });
  });
});

describe("a candidate that runs without end on what is really asked", () => {
  let site: SignedSite;
  let endless: Archive;
  beforeAll(async () => {
    endless = await archiveFrom(
      await smallRelease("endless", {
        "transfer/ordinary": ORDINARY,
        "transfer/endless": `# METADATA
# title: Endless
# description: Looks for what is not there, in too much.
# custom:
#   severity: low
#   kinds: [transaction_signing]
#   requires: {ENDLESS: deny}
package rules.transfer.endless

require["ENDLESS"] if {
	input.evidence.status == "verified"
	${withoutEnd("input.now.ms")}
}
`,
      }),
    );
    site = await SignedSite.prepare({ candidate: "./next.tar.gz" });
    site.installation.config["limits"] = { decision: "15s", evaluation: "250ms" };
    await site.publish(site.demo, { sequence: 1 });
    await site.start();
  });
  afterAll(() => site.remove());

  test("every answer is right meanwhile; it is stopped with an alarm, and can't be promoted", async () => {
    await site.publishCandidate(endless, { sequence: 2 });
    await site.reload();
    expect((await site.whole()).candidate).toMatchObject({ state: "proven" });
    const answers = await Promise.all(Array.from({ length: 60 }, () => approved(site)));
    expect(answers).toEqual(Array.from({ length: 60 }, () => "APPROVE"));
    await until("stopped", async () => (await site.whole()).candidate?.state === "stopped");
    const { candidate, alarms, release } = await site.whole();
    expect(candidate?.shadow).toBeUndefined();
    expect(alarms.map(({ code }) => code)).toEqual(["SHADOW_STOPPED"]);
    expect(release?.sequence).toBe(1);
    const metrics = await site.metrics();
    expect(metrics).toMatch(/^countersign_shadow_faults_total\{reason="timeout"\} 10$/m);
    expect(metrics).not.toMatch(/^countersign_policy_restarts_total\{/m);
    expect(await promote(site, { reason: "r" })).toMatchObject({ status: 409, code: "NOT_PROVEN" });
    expect(await approved(site)).toBe("APPROVE");
    // Whoever asks has it tried again.
    await site.reload();
    expect((await site.whole()).candidate?.state).toBe("proven");
    expect(site.exceptions()).toEqual([]);
  });
});

describe("where releases are not signed", () => {
  let site: SignedSite;
  afterEach(() => site.remove());

  test("unsigned: promoted until the release's place changes, or a restart", async () => {
    site = await SignedSite.prepare({ candidate: "./next.tar.gz", trust: "unsigned" });
    site.put(site.demo.bytes, undefined);
    site.putCandidate(site.refusing.bytes, undefined);
    await site.start();
    await until("it judges", async () => (await site.whole()).candidate?.shadow !== undefined);
    expect(await promote(site, { reason: "r", sha256: site.refusing.sha256 })).toMatchObject({
      status: 200,
      said: { live: { sha256: site.refusing.sha256 }, lasts: "until_changed" },
    });
    // What lies at the release's place has not changed, however often it is looked at.
    expect(await site.reload()).toMatchObject({ changed: false, live: { sha256: site.refusing.sha256 } });
    expect((await site.whole()).release?.promoted).toEqual({ by: "local", reason: "r" });
    site.put(site.other.bytes, undefined);
    expect(await site.reload()).toMatchObject({ live: { sha256: site.other.sha256 } });
    expect((await site.whole()).release?.promoted).toBeUndefined();
    await until("it judges again", async () => (await site.whole()).candidate?.state !== "live");
    await site.reload();
    expect(await promote(site, { reason: "r" })).toMatchObject({ status: 200 });
    await site.running.stop("SIGKILL");
    await site.start();
    expect((await site.status()).release?.sha256).toBe(site.other.sha256);
  });

  test("unsigned, with a gate that is against what lies at the release's place: after a restart nothing is live", async () => {
    site = await SignedSite.prepare({
      ...{ candidate: "./next.tar.gz", trust: "unsigned", gate: { replay: "7d" } },
    });
    site.put(site.demo.bytes, undefined);
    site.putCandidate(site.refusing.bytes, undefined);
    await site.start();
    await until("it judges", async () => (await site.whole()).candidate?.shadow !== undefined);
    expect(await promote(site, { reason: "r" })).toMatchObject({ status: 200 });
    expect((await site.ask(freshTransfer())).action).toBe("REJECT");
    await site.running.stop("SIGKILL");
    await site.start();
    await until("refused", async () => (await site.whole()).last_release_error?.step === "gate");
    expect((await site.whole()).release).toBeUndefined();
    expect((await site.ask(freshTransfer())).action).toBe("REJECT");
    site.put(site.refusing.bytes, undefined);
    expect(await site.reload()).toMatchObject({ live: { sha256: site.refusing.sha256 } });
  });

  test("by digest: only the one that is pinned may ever be live", async () => {
    site = await SignedSite.prepare();
    const pinned = { sha256: site.demo.sha256 };
    site.installation.config["policy"] = {
      ...{ release: "./release.tar.gz", candidate: "./next.tar.gz", trust: pinned },
    };
    site.put(site.demo.bytes, undefined);
    copyFileSync(FEW_RULES.refusing, site.candidate);
    await site.start();
    await site.reload();
    expect((await site.whole()).candidate).toMatchObject({ state: "absent", refused: { step: "digest" } });
    expect(await promote(site, { reason: "r" })).toMatchObject({ status: 409, code: "PINNED" });
    expect((await site.status()).release?.sha256).toBe(site.demo.sha256);
  });
});
