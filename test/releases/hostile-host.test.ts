/**
 * Whoever runs the host that releases come from, or sits on the line: whatever it answers, the old release decides on,
 * the alarm says why, and afterwards a good release still goes live.
 */
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { codeOf, freshTransfer, until } from "../faults/site.ts";
import { createAuthority } from "../support/certificates.ts";
import { type Answer, ReleaseHost } from "../support/release-host.ts";
import { type Archive, SignedSite } from "./signed-site.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ARCHIVE = "/release.tar.gz";
const STATEMENT = `${ARCHIVE}.statement.json`;
const LIVE = 50;
/** Too long for no attack, and long enough for a machine that is busy with other tests. */
const FETCH = { timeout: "2s" };

async function publish(
  host: ReleaseHost,
  site: SignedSite,
  archive: Archive,
  sequence: number,
): Promise<void> {
  put(host, archive, await site.signed(archive, { sequence }));
}

function put(host: ReleaseHost, archive: Archive, statement: Uint8Array): void {
  host.put(ARCHIVE, archive.bytes);
  host.put(STATEMENT, statement);
}

function sends(content: Uint8Array, headers: Record<string, string | number> = {}): Answer {
  return (response) => response.writeHead(200, headers).end(content);
}

/** Writes the piece for as long as somebody takes it. */
function endless(response: ServerResponse, piece: Uint8Array, everyMs: number): void {
  const timer = setInterval(() => response.write(piece), everyMs);
  response.on("close", () => clearInterval(timer));
}

describe("against a running server", () => {
  let host: ReleaseHost;
  let elsewhere: ReleaseHost;
  let site: SignedSite;
  let statement: Buffer;
  beforeAll(async () => {
    [host, elsewhere] = await Promise.all([ReleaseHost.start(), ReleaseHost.start()]);
    site = await SignedSite.prepare({ release: host.url(`${ARCHIVE}?sig=hidden`), fetch: FETCH });
    statement = await site.signed(site.demo, { sequence: LIVE });
    put(host, site.demo, statement);
    await publish(elsewhere, site, site.refusing, LIVE + 1);
    await site.start();
  });
  afterAll(async () => {
    await site.remove();
    await Promise.all([host.close(), elsewhere.close()]);
  });

  async function expectRefused(step: string, why: RegExp): Promise<void> {
    const before = await site.failures();
    const { live, changed, error } = await site.reload();
    expect({ live, changed, error }).toEqual({
      live: { revision: site.demo.revision, sequence: LIVE, sha256: site.demo.sha256 },
      changed: false,
      error: expect.stringMatching(new RegExp(`^${step}: `)),
    });
    expect(error).toMatch(why);
    expect((await site.failures())[step]).toBeGreaterThan(before[step] ?? 0);
    const { last_release_error, alarms, release, quarantined } = await site.status();
    expect(last_release_error?.step).toBe(step);
    expect(alarms[0]).toMatchObject({ code: "RELEASE_REFUSED", message: expect.stringMatching(why) });
    expect(release).toMatchObject({ sequence: LIVE, source: `${host.url(ARCHIVE)}?…` });
    expect(quarantined).toEqual([]);
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
  }

  const redirects = (path: string): Answer => {
    return (response) => response.writeHead(302, { location: elsewhere.url(path) }).end();
  };
  /** What the host would have live instead: it refuses everything. */
  const wanted = () => site.refusing.bytes;
  const good = () => site.demo.bytes;
  /** @property at - what is answered otherwise; where it is not given, it is the archive. */
  const attacks: readonly [string, () => Answer, string, RegExp, string?][] = [
    ["no archive", () => (response) => response.writeHead(404).end(), "download", /status 404/],
    ["no statement", () => (response) => response.writeHead(404).end(), "statement", /404/, STATEMENT],
    ["a host that fails", () => (response) => response.writeHead(500).end(), "download", /status 500/],
    [
      "a host that lets nobody in",
      () => (response) => response.writeHead(403).end(),
      "download",
      /403/,
      STATEMENT,
    ],
    ["a redirect to another release", () => redirects(ARCHIVE), "download", /redirects are not/],
    ["a redirect to another statement", () => redirects(STATEMENT), "download", /redirects/, STATEMENT],
    ["another archive under the old statement", () => sends(wanted()), "digest", /digest/],
    ["the archive in another encoding", () => sends(gzipSync(good())), "digest", /digest/],
    [
      "a bomb in an encoding",
      () => sends(gzipSync(Buffer.alloc(100_000_000)), { "content-encoding": "gzip" }),
      "download",
      /content-encoding/,
    ],
    [
      "a truncated archive",
      () => (response) => {
        response.writeHead(200, { "content-length": good().length });
        response.write(good().subarray(0, 1_000), () => response.destroy());
      },
      "download",
      /ended after 1000 of \d+ bytes/,
    ],
    ["half an archive, as if it were whole", () => sends(good().subarray(0, 1_000)), "digest", /digest/],
    ["an empty archive", () => sends(Buffer.alloc(0)), "digest", /digest/],
    [
      "an archive that is announced as 10 GB",
      () => (response) => response.writeHead(200, { "content-length": 1e10 }).write("x"),
      "download",
      /10000000000 bytes, at most/,
    ],
    [
      "an endless statement",
      () => (response) => endless(response.writeHead(200), Buffer.alloc(64_000, 0x20), 1),
      "download",
      /more than 65536 bytes/,
      STATEMENT,
    ],
    [
      "an endless archive",
      () => (response) => {
        response.writeHead(200);
        const more = (): void => {
          while (response.writable && response.write(Buffer.alloc(1 << 20)));
        };
        response.on("drain", more);
        more();
      },
      "download",
      /more than 67108864 bytes|not there whole/,
    ],
    [
      "a drip",
      () => (response) =>
        endless(response.writeHead(200, { "content-length": good().length }), good().subarray(0, 1), 20),
      "download",
      /not there whole within 2000 ms/,
    ],
    ["no answer", () => () => {}, "download", /not there whole within 2000 ms/, STATEMENT],
    ["a line that is cut", () => (response) => response.socket?.destroy(), "download", /ECONNRESET|ended/],
    ["huge headers", () => sends(good(), { "x-huge": "y".repeat(50_000) }), "download", /HEADER_OVERFLOW/],
    [
      "a page of words",
      () => sends(Buffer.from("<html>Welcome to our portal")),
      "statement",
      /JSON/,
      STATEMENT,
    ],
  ];

  test.each(attacks)("%s: refused", async (_name, answer, step, why, at = ARCHIVE) => {
    host.answer(at, answer());
    await expectRefused(step, why);
    put(host, site.demo, statement);
    expect(await site.reload()).toMatchObject({ changed: false, live: { sequence: LIVE } });
    expect((await site.status()).last_release_error).toBeUndefined();
  });

  test("a statement that is swapped between two reads: nothing goes live that was not signed so", async () => {
    const next = await site.signed(site.refusing, { sequence: LIVE + 1 });
    let reads = 0;
    host.answer(STATEMENT, (response) => {
      reads += 1;
      response.end(reads % 2 === 0 ? statement : next);
    });
    // Each time the one that doesn't fit.
    host.answer(ARCHIVE, (response) => response.end(reads % 2 === 0 ? wanted() : good()));
    await expectRefused("digest", /digest/);
    expect(reads).toBe(2);
  });

  test("a drip does not hold a second one: one request at a time, and decisions go on", async () => {
    host.answer(STATEMENT, (response) => endless(response.writeHead(200), Buffer.from(" "), 50));
    const reloads = Promise.all([site.reload(), site.reload(), site.reload()]);
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
    for (const { error } of await reloads) expect(error).toMatch(/^download: /);
    expect(host.mostAtOnce).toBe(1);
  });

  test("in the end a good one still goes live, at a SIGHUP, and no secret is in what was said", async () => {
    host.answer(STATEMENT, (response) => response.writeHead(503).end());
    await site.reload();
    await publish(host, site, site.other, LIVE + 2);
    site.running.child.kill("SIGHUP");
    await until("live", async () => (await site.status()).release?.sequence === LIVE + 2);
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
    expect(elsewhere.asked).toEqual([]);
    expect(JSON.stringify([await site.status(), site.running.log])).not.toContain("hidden");
    expect(site.exceptions()).toEqual([]);
    await expect.poll(() => site.wentLive().map(({ sequence }) => sequence)).toEqual([LIVE, LIVE + 2]);
  });
});

describe("a host that is away, and comes back", () => {
  let host: ReleaseHost;
  let site: SignedSite;
  afterEach(async () => {
    await site.remove();
    await host.close();
  });

  test("what was kept decides at the start, gets older, and what is published since goes live by itself", async () => {
    host = await ReleaseHost.start();
    const { port } = host;
    site = await SignedSite.prepare({ release: host.url(ARCHIVE), fetch: FETCH, poll: "1s", max_age: "1h" });
    await publish(host, site, site.demo, 1);
    await site.start();
    await site.running.stop();
    await host.close();

    await site.start();
    await site.live();
    let { release, last_release_error } = await site.status();
    expect(release).toMatchObject({ sequence: 1, source: "state_dir, the last good release" });
    expect(last_release_error).toMatchObject({
      step: "download",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    const confirmed = z.int().parse(release?.["confirmed_at"]);
    expect(codeOf(await site.ask(freshTransfer()))).toBe("APPROVE");
    await sleep(1_500);
    expect((await site.status()).release?.["confirmed_at"]).toBe(confirmed);

    host = await ReleaseHost.start(undefined, port);
    await publish(host, site, site.other, 2);
    await until("live", async () => (await site.status()).release?.sequence === 2);
    ({ release, last_release_error } = await site.status());
    expect([release?.source, last_release_error]).toEqual([host.url(ARCHIVE), undefined]);
    const before = z.int().parse(release?.["confirmed_at"]);
    await until("confirmed", async () => Number((await site.status()).release?.["confirmed_at"]) > before);
    expect(host.asked.at(-1)?.headers["if-none-match"]).toBeDefined();
    expect(site.exceptions()).toEqual([]);
  });
});

describe("a host behind TLS, with a token", () => {
  const authority = createAuthority();
  let host: ReleaseHost;
  let site: SignedSite;
  afterEach(async () => {
    await site.remove();
    await host.close();
  });

  test("by another authority it says nothing; by the right one it is asked with the token of the day", async () => {
    host = await ReleaseHost.start(authority.issue("releases"));
    site = await SignedSite.prepare({
      release: host.url(ARCHIVE),
      fetch: { ...FETCH, ca: "./ca.pem", bearer_file: "./token" },
    });
    const { installation } = site;
    installation.write("ca.pem", readFileSync(createAuthority().ca));
    installation.write("token", "token-of-monday\n");
    await publish(host, site, site.demo, 1);
    await site.start();
    await until("refused", async () => (await site.status()).last_release_error !== undefined);
    const refused = await site.status();
    expect(refused.release).toBeUndefined();
    expect(refused.last_release_error).toMatchObject({
      step: "download",
      message: expect.stringMatching(/certificate is not trusted/),
    });
    expect(codeOf(await site.ask(freshTransfer()))).toBe("POLICY_ABSENT");
    expect(host.asked).toEqual([]);

    installation.write("ca.pem", readFileSync(authority.ca));
    // A look that the server took by itself may have come first.
    expect(await site.reload()).toMatchObject({ live: { sequence: 1 } });
    installation.write("token", "token-of-tuesday\n");
    await site.reload();
    const tokens = new Set(host.asked.map(({ headers }) => headers.authorization));
    expect([...tokens]).toEqual(["Bearer token-of-monday", "Bearer token-of-tuesday"]);
    expect(JSON.stringify([await site.status(), site.running.log])).not.toContain("token-of");
  });
});
