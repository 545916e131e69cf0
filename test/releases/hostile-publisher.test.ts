/**
 * Whoever can write where the release lies, and lacks keys, or has some, or has an old one: the old release decides on,
 * and the alarm says why.
 */
import { randomInt } from "node:crypto";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { canMount, mountMemory } from "../faults/mounts.ts";
import { codeOf, freshTransfer, LONG, until } from "../faults/site.ts";
import {
  DAY_MS,
  encoded,
  rfc3339,
  type Signature,
  signatureOver,
  statementOf,
} from "../support/publisher.ts";
import { SignedSite } from "./signed-site.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const LIVE = 50;

describe("against a running server", () => {
  let site: SignedSite;
  beforeAll(async () => {
    site = await SignedSite.prepare();
    await site.publish(site.demo, { sequence: LIVE });
    await site.start();
  });
  afterAll(() => site.remove());

  async function expectRefused(step: string, why: RegExp): Promise<void> {
    const before = await site.failures();
    const { live, changed, error } = await site.reload();
    expect({ live, changed, error }).toEqual({
      live: { revision: site.demo.revision, sequence: LIVE, sha256: site.demo.sha256 },
      changed: false,
      error: expect.stringMatching(new RegExp(`^${step}: `)),
    });
    expect(error).toMatch(why);
    // The watcher may have seen it by itself before.
    expect((await site.failures())[step]).toBeGreaterThan(before[step] ?? 0);
    const { last_release_error, alarms, release } = await site.status();
    expect(last_release_error?.step).toBe(step);
    expect(alarms[0]).toMatchObject({ code: "RELEASE_REFUSED", message: expect.stringMatching(why) });
    expect(release).toMatchObject({ sequence: LIVE, source: site.release });
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  }

  /** What the attacker would have live: a release that refuses everything. */
  const about = (members = {}) => site.says(site.refusing, { sequence: LIVE + 1, ...members });
  const two = (payload = about()) => statementOf(payload, site.keys3[0], site.keys3[1]);

  async function withSignatures(
    make: (payload: string) => readonly (Signature | Promise<Signature>)[],
  ): Promise<Buffer> {
    const payload = encoded(about());
    return Buffer.from(JSON.stringify({ payload, signatures: await Promise.all(make(payload)) }));
  }

  const now = Date.now();
  const attacks: readonly [string, () => Promise<Buffer | undefined>, string, RegExp][] = [
    ["no statement", async () => undefined, "statement", /no statement beside/],
    ["unsigned", () => withSignatures(() => []), "signatures", /0 of 2 signatures/],
    ["one signature short", () => statementOf(about(), site.keys3[0]), "signatures", /1 of 2 signatures/],
    [
      "by a removed key",
      () => statementOf(about(), site.keys3[0], site.removed),
      "signatures",
      /1 of 2 .*; 1 by nobody/,
    ],
    [
      "the same key twice",
      () => statementOf(about(), site.keys3[1], site.keys3[1]),
      "signatures",
      /signature 2 is by .* once more/,
    ],
    [
      "alg none",
      () =>
        withSignatures((payload) => [
          signatureOver(payload, site.keys3[0]),
          { protected: encoded({ alg: "none" }), signature: "" },
        ]),
      "signatures",
      /header of signature 2/,
    ],
    [
      "alg mixed: a trusted key in another one's algorithm",
      () =>
        withSignatures((payload) => [
          signatureOver(payload, site.keys3[0]),
          signatureOver(payload, site.keys3[1]).then(({ signature }) => ({
            protected: encoded({ alg: "RS256", kid: site.keys3[1].kid }),
            signature,
          })),
        ]),
      "signatures",
      /in RS256, which is not its algorithm/,
    ],
    [
      "crit",
      () =>
        withSignatures((payload) => [
          signatureOver(payload, site.keys3[0]),
          signatureOver(payload, site.keys3[1]).then(({ signature }) => ({
            protected: encoded({ alg: "ES256", crit: ["exp"], exp: 1 }),
            signature,
          })),
        ]),
      "signatures",
      /header of signature 2/,
    ],
    [
      "the good signatures under another payload",
      async () => {
        const good = JSON.parse(String(await site.signed(site.demo, { sequence: LIVE })));
        return Buffer.from(JSON.stringify({ ...good, payload: encoded(about()) }));
      },
      "signatures",
      /is not by it/,
    ],
    ["a payload that says more", () => two(about({ more: 1 })), "payload", /unknown/],
    ["of another digest", () => two(site.says(site.other, { sequence: LIVE + 1 })), "digest", /digest/],
    ["for another audience", () => two(about({ audience: "staging" })), "audience", /staging/],
    ["an older sequence", () => two(about({ sequence: LIVE - 1 })), "sequence", /older/],
    [
      "an equal sequence and another digest",
      () => two(about({ sequence: LIVE })),
      "sequence",
      /was live with/,
    ],
    ["expired", () => two(about({ expires_at: rfc3339(now - 1_000) })), "time", /expired/],
    [
      "not yet valid",
      () => two(about({ created_at: rfc3339(now + DAY_MS), expires_at: rfc3339(now + 2 * DAY_MS) })),
      "time",
      /ahead/,
    ],
    [
      "a lifetime too long",
      () => two(about({ expires_at: rfc3339(now + 91 * DAY_MS) })),
      "time",
      /at most 90/,
    ],
    ["half a statement", async () => (await two()).subarray(0, 300), "statement", /JSON/],
    ["a statement of 10 MB", async () => Buffer.alloc(10_000_000, 0x20), "statement", /10000000 bytes/],
  ];

  test.each(attacks)("%s: refused", async (_name, statement, step, why) => {
    site.put(site.refusing.bytes, await statement());
    await expectRefused(step, why);
    expect((await site.status()).quarantined).toEqual([]);
  });

  test("a link to the whole disk in its place: refused, and not looked into", async () => {
    rmSync(site.release);
    symlinkSync("/", site.release);
    await expectRefused("statement", /is a folder/);
    rmSync(site.release);
  });

  test("signed, and no good: in quarantine, until somebody signs a higher sequence", async () => {
    const statement = await two(about({ revision: "another" }));
    site.put(site.refusing.bytes, statement);
    // Where the watcher saw it first, it is in quarantine already.
    const { live, error } = await site.reload();
    expect(live?.sequence).toBe(LIVE);
    expect(error).toMatch(/^(archive|quarantine): .*its revision is/);
    expect((await site.status()).quarantined).toMatchObject([
      { sha256: site.refusing.sha256, sequence: LIVE + 1, step: "archive" },
    ]);
    // The statement is right now, and the digest still waits.
    site.put(site.refusing.bytes, await two());
    await expectRefused("quarantine", /which a sequence above 51 lifts/);
  });

  test("in the end the good one still goes live, and says by whom it was signed", async () => {
    await site.publish(site.other, { sequence: LIVE + 2 });
    expect(await site.reload()).toMatchObject({ live: { sequence: LIVE + 2, sha256: site.other.sha256 } });
    const { release, trust, trusted, last_release_error, warnings } = await site.status();
    expect(release).toMatchObject({
      audience: "production",
      signed_by: [site.keys3[0].kid, site.keys3[1].kid],
      expires_at: expect.any(Number),
    });
    expect([trust, trusted?.threshold, last_release_error]).toEqual(["keys", 2, undefined]);
    // Its list is not signed, which is said.
    expect(warnings.filter((warning) => warning.includes("UNSIGNED"))).toEqual([
      expect.stringMatching(/^UNSIGNED LIST sanctions: /),
    ]);
    await expect.poll(() => site.wentLive().map(({ sequence }) => sequence)).toEqual([LIVE, LIVE + 2]);
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
    // What was live a moment ago is an older release now.
    await site.publish(site.demo, { sequence: LIVE });
    expect(await site.reload()).toMatchObject({ changed: false, error: expect.stringMatching(/^sequence/) });
    expect(site.exceptions()).toEqual([]);
  });
});

describe("with files that change under the reader's hands", () => {
  let site: SignedSite;
  afterEach(() => site.remove());

  test("what is live is always what was signed, and never older than before", async () => {
    site = await SignedSite.prepare({ poll: "100ms" });
    const [first, second] = [site.demo, site.other];
    await site.publish(first, { sequence: 1 });
    await site.start();
    const pairs = await Promise.all(
      Array.from({ length: LONG ? 40 : 12 }, async (_, at) => {
        const archive = at % 2 === 0 ? second : first;
        const sequence = at + 2;
        return { archive, sequence, statement: await site.signed(archive, { sequence }) };
      }),
    );
    const signed = new Map(pairs.map(({ archive, sequence }) => [sequence, archive.sha256]));
    signed.set(1, first.sha256);
    let swapping = true;
    const reloading = (async () => {
      while (swapping) await site.reload();
    })();
    const swap = async (statement: Uint8Array, archive: Uint8Array): Promise<void> => {
      // Not in one step: the reader may find half of either.
      if (randomInt(2) === 0) {
        writeFileSync(site.statement, statement);
        await sleep(randomInt(5));
        writeFileSync(site.release, archive);
      } else {
        writeFileSync(site.release, archive);
        await sleep(randomInt(5));
        writeFileSync(site.statement, statement);
      }
      await sleep(randomInt(30));
    };
    for (const [at, { archive, statement }] of pairs.entries()) {
      for (let times = 0; times < 8; times += 1) {
        await swap(statement, archive.bytes);
        const old = pairs[Math.max(0, at - 1)];
        if (old !== undefined) await swap(old.statement, old.archive.bytes);
      }
      await swap(statement, archive.bytes);
    }
    swapping = false;
    await reloading;
    const last = pairs.at(-1);
    await until("the last one", async () => (await site.reload()).live?.sequence === last?.sequence);
    const live = site.wentLive();
    for (const { sequence, sha256 } of live)
      expect(sha256, `sequence ${sequence}`).toBe(signed.get(sequence));
    const sequences = live.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
    expect((await site.status()).quarantined).toEqual([]);
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
    expect(site.exceptions()).toEqual([]);
  });
});

describe("kill -9 while a release goes live", () => {
  const KILLS = LONG ? 40 : 5;
  let site: SignedSite;
  afterEach(() => site.remove());

  test(`${KILLS} times: what was live is live again from what was kept, and nothing older`, async () => {
    site = await SignedSite.prepare({ poll: "100ms" });
    await site.publish(site.demo, { sequence: 1 });
    await site.start();
    // How long it takes here, so that the kills fall into all of it.
    const began = performance.now();
    await site.publish(site.other, { sequence: 2 });
    await until("live", async () => (await site.status()).release?.sequence === 2);
    const takes = performance.now() - began;
    let highest = 2;
    let raised = 0;
    for (let life = 1; life <= KILLS; life += 1) {
      const [archive, before] = life % 2 === 0 ? [site.other, site.demo] : [site.demo, site.other];
      const sequence = highest + 10;
      await site.publish(archive, { sequence });
      await sleep(Math.random() * takes * 1.3);
      await site.running.stop("SIGKILL");
      const sawLive = Math.max(...site.wentLive().map((release) => release.sequence));
      if (sawLive === sequence) raised += 1;
      highest = Math.max(highest, sawLive);

      // Nothing lies there any more: what was kept is all there is.
      site.put(undefined, undefined);
      await site.start();
      const kept = await site.live();
      expect([highest, sequence]).toContain(kept?.sequence);
      expect(kept?.sequence).toBeGreaterThanOrEqual(highest);
      expect(kept?.source).toContain("last good release");
      expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
      highest = Math.max(highest, kept?.sequence ?? 0);

      await site.publish(before, { sequence: highest - 1 });
      expect(await site.reload()).toMatchObject({
        live: { sequence: highest },
        error: expect.stringMatching(/^sequence: /),
      });
      expect(site.exceptions()).toEqual([]);
    }
    process.stdout.write(`releases: killed ${KILLS} times, ${raised} of them after the swap\n`);
    await site.running.stop();
    expect(site.verify()).toEqual({ ok: true, found: 0 });
  });
});

describe.runIf(canMount())("a full disk while a release is stored", () => {
  test("the old one decides on, and the new one goes live by itself once there is room", async () => {
    const site = await SignedSite.prepare({ poll: "200ms" });
    const releases = join(site.state, "releases");
    const mount = mountMemory("400k", releases);
    try {
      await site.publish(site.demo, { sequence: 1 });
      await site.start();
      expect((await site.live())?.sequence).toBe(1);
      const filler = join(releases, "filler");
      writeFileSync(filler, Buffer.alloc(150_000));
      await site.publish(site.other, { sequence: 2 });
      const { live, error } = await site.reload();
      expect({ live, error }).toMatchObject({
        live: { sequence: 1 },
        error: expect.stringMatching(/^store: .*ENOSPC/),
      });
      expect((await site.status()).quarantined).toEqual([]);
      expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
      // A restart finds the old one whole.
      await site.running.stop("SIGKILL");
      site.put(undefined, undefined);
      await site.start();
      expect(await site.live()).toMatchObject({ sequence: 1, sha256: site.demo.sha256 });
      await site.publish(site.other, { sequence: 2 });
      await until("refused", async () => (await site.status()).last_release_error?.step === "store");
      rmSync(filler);
      await until("live", async () => (await site.status()).release?.sequence === 2);
      expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
    } finally {
      await site.running.stop("SIGKILL");
      mount.remove();
      await site.remove();
    }
  });
});
