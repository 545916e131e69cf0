/** Signed lists of a running server: with the release that reads them, from a URL, and through kill -9. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { buildRelease } from "../../src/policy/build/build.ts";
import { LONG, until } from "../faults/site.ts";
import { etagOf, ReleaseHost } from "../support/release-host.ts";
import { digestOf, LISTED, ORDINARY, policyFolder } from "../support/small-releases.ts";
import { csvOf, ListSite } from "./list-site.ts";
import type { Archive } from "./signed-site.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** Whom the transfers of the tests pay. */
const PAID = "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f";

const EXTRA = `# METADATA
# title: Not on the other list
# description: No destination is on the list extra.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   requires: {EXTRA: deny}
package rules.transfer.extra

require["EXTRA"] if {
	is_object(input.lists.extra)
	every d in input.transaction.destinations {
		not input.lists.extra[d.address]
	}
}
`;

/** A release that reads the list \`extra\`, and no other. */
async function readingExtra(): Promise<Archive> {
  const root = mkdtempSync(join(tmpdir(), "countersign-extra-"));
  try {
    const rules = { "transfer/extra": EXTRA, "transfer/listed": LISTED, "transfer/ordinary": ORDINARY };
    const folder = policyFolder(root, "extra", rules);
    writeFileSync(join(folder, "data.yaml"), `allowlist: {"${PAID}": true}\n`);
    const { bytes } = await buildRelease(folder, { revision: "extra" });
    return { bytes: Buffer.from(bytes), revision: "extra", sha256: digestOf(bytes) };
  } finally {
    rmSync(root, { recursive: true });
  }
}

let lists: ListSite;
afterEach(() => lists.site.remove());

test("only what the live release reads comes into force; another release changes that at once", async () => {
  const release = await readingExtra();
  lists = await ListSite.prepare();
  const { installation } = lists.site;
  const { sanctions } = installation.config["lists"] as { sanctions: object };
  installation.config["lists"] = {
    sanctions,
    extra: { ...structuredClone(sanctions), source: "./lists/extra.csv" },
  };
  const extra = join(installation.folder, "lists/extra.csv");
  const onExtra = csvOf(PAID);
  writeFileSync(extra, onExtra);
  writeFileSync(`${extra}.statement.json`, await lists.signed(onExtra, { list: "extra" }));
  await lists.publish(ListSite.old);
  await lists.site.start();

  await lists.untilInForce(1);
  expect(await lists.shown("extra")).toMatchObject({
    ...{ state: "unread", unread: "no rule of the live release reads it" },
  });
  expect(await lists.shown("extra")).not.toHaveProperty("entries");
  expect((await lists.site.readiness()).failing).toEqual([]);
  expect([await lists.asked("listed"), await lists.asked("other")]).toEqual(["SANCTIONS", "APPROVE"]);

  await lists.site.publish(release, { sequence: 2 });
  expect((await lists.site.reload()).live?.sequence).toBe(2);
  await until("the other one", async () => (await lists.shown("extra")).state === "in_force");
  expect(await lists.shown()).toMatchObject({ state: "unread", entries: 2 });
  expect([await lists.asked("listed"), await lists.asked("other")]).toEqual(["EXTRA", "EXTRA"]);
  const none = csvOf();
  writeFileSync(extra, none);
  writeFileSync(`${extra}.statement.json`, await lists.signed(none, { list: "extra", sequence: 2 }));
  expect(await lists.reload()).toBe("");
  expect([await lists.asked("listed"), await lists.asked("other")]).toEqual(["APPROVE", "APPROVE"]);
  expect(lists.site.exceptions()).toEqual([]);
});

describe("from a URL", () => {
  let host: ReleaseHost;
  beforeEach(async () => {
    host = await ReleaseHost.start();
    lists = await ListSite.prepare({
      ...{ source: host.url("/s/sanctions.csv?token=secret"), poll: "100ms", fetch: { timeout: "1s" } },
    });
  });
  afterEach(() => host.close());

  const FILE = "/s/sanctions.csv";
  const STATEMENT = "/s/sanctions.csv.statement.json";
  async function serve(file: Buffer, sequence: number): Promise<void> {
    host.put(FILE, file);
    host.put(STATEMENT, await lists.signed(file, { sequence }));
  }

  test("the file is fetched once for each statement; what the host does wrong leaves the old list", async () => {
    await serve(ListSite.old, 1);
    await lists.site.start();
    await lists.untilInForce(1);
    await until("looks", () => host.asked.length > 6);
    const ofFile = () => host.asked.filter(({ url }) => url === `${FILE}?token=secret`).length;
    expect(ofFile()).toBe(1);
    expect(host.asked.at(-1)).toMatchObject({
      url: `${STATEMENT}?token=secret`,
      headers: { "if-none-match": expect.any(String) },
    });
    expect(JSON.stringify([await lists.shown(), lists.site.running.log])).not.toContain("secret");

    const refusedWith = async (step: string, why: RegExp): Promise<void> => {
      await until(`${step} ${why}`, async () => why.test((await lists.shown()).error ?? ""));
      expect((await lists.shown()).error).toMatch(new RegExp(`^${step}: `));
      expect(await lists.shown()).toMatchObject({ state: "in_force", sequence: 1 });
      expect(await lists.asked("listed")).toBe("SANCTIONS");
    };
    const empty = csvOf();
    const next = await lists.signed(empty, { sequence: 2 });
    host.answer(STATEMENT, (response) => response.writeHead(302, { location: host.url("/other") }).end());
    await refusedWith("download", /redirects are not followed/);
    host.remove(STATEMENT);
    await refusedWith("statement", /status 404/);
    host.put(STATEMENT, next);
    host.answer(FILE, (response) => {
      response.writeHead(200, { "content-length": 1_000_000_000 });
      response.flushHeaders();
    });
    await refusedWith("download", /at most 268435456/);
    host.answer(FILE, (response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write("a"), 50);
      response.on("close", () => clearInterval(drip));
    });
    await refusedWith("download", /not there whole within 1000 ms/);
    host.put(FILE, ListSite.old);
    await refusedWith("digest", /the file's digest is/);
    await serve(empty, 2);
    await lists.untilInForce(2);
    expect(await lists.asked("listed")).toBe("APPROVE");
    expect(lists.site.exceptions()).toEqual([]);
  });

  test("a file that comes after its statement comes into force, however much later", async () => {
    await serve(ListSite.old, 1);
    await lists.site.start();
    await lists.untilInForce(1);
    const next = csvOf("T1");
    host.put(STATEMENT, await lists.signed(next, { sequence: 2 }));
    await until("refused", async () => /^digest: /.test((await lists.shown()).error ?? ""));
    expect(await lists.shown()).toMatchObject({ state: "in_force", sequence: 1 });
    const refused = (await lists.failures())["digest"];
    await until("tried again", () => host.asked.filter(({ url }) => url.startsWith(`${FILE}?`)).length > 5);
    expect((await lists.failures())["digest"]).toBe(refused);
    host.put(FILE, next);
    await lists.untilInForce(2);
    expect(lists.site.exceptions()).toEqual([]);
  });

  test("a statement that came once with the ETag of the good one does not keep that one out", async () => {
    await serve(ListSite.old, 1);
    await lists.site.start();
    await lists.untilInForce(1);
    const good = await lists.signed(csvOf("T1"), { sequence: 2 });
    host.put(FILE, csvOf("T1"));
    host.answer(STATEMENT, (response) => response.writeHead(200, { etag: etagOf(good) }).end("{}"));
    await until("refused", async () => /^statement: /.test((await lists.shown()).error ?? ""));
    host.put(STATEMENT, good);
    await lists.untilInForce(2);
    await until("nothing wrong", async () => (await lists.shown()).error === undefined);
  });
});

test("hosts that hang hold a reload for the time of one, however many lists they have", async () => {
  const host = await ReleaseHost.start();
  try {
    lists = await ListSite.prepare({ source: host.url("/a.csv"), fetch: { timeout: "2s" } });
    const { config } = lists.site.installation;
    const { sanctions } = config["lists"] as { sanctions: object };
    const others = ["b", "c"].map((name) => [
      name,
      { ...structuredClone(sanctions), source: host.url(`/${name}.csv`) },
    ]);
    config["lists"] = { sanctions, ...Object.fromEntries(others) };
    host.put("/a.csv", ListSite.old);
    host.put("/a.csv.statement.json", await lists.signed(ListSite.old));
    await lists.site.start();
    await lists.untilInForce(1);
    for (const name of ["a", "b", "c"]) host.answer(`/${name}.csv.statement.json`, () => {});
    host.asked.splice(0);
    const error = await lists.reload();
    expect(error.match(/not there whole within 2000 ms/g)).toHaveLength(3);
    // None of them was given up before the last one was asked for.
    const [first, , third] = host.asked;
    expect(new Set(host.asked.slice(0, 3).map(({ url }) => url)).size).toBe(3);
    expect((third?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(2_000);
  } finally {
    await host.close();
  }
});

describe("kill -9 while a list comes into force", () => {
  const KILLS = LONG ? 40 : 4;

  test(`${KILLS} times: what was in force is again, from what was kept, and nothing older`, async () => {
    lists = await ListSite.prepare({ poll: "100ms" });
    await lists.publish(ListSite.old, { sequence: 1 });
    await lists.site.start();
    const inForce = (): number[] =>
      lists.site.running.log
        .filter(({ msg }) => msg === "list in force")
        .map(({ sequence }) => Number(sequence));
    const began = performance.now();
    await lists.publish(csvOf("T1"), { sequence: 2 });
    await lists.untilInForce(2);
    const takes = performance.now() - began;
    let highest = 2;
    let raised = 0;
    for (let life = 1; life <= KILLS; life += 1) {
      const sequence = highest + 10;
      await lists.publish(csvOf("T1", `T${life}`), { sequence });
      await sleep(Math.random() * takes * 1.3);
      await lists.site.running.stop("SIGKILL");
      const seen = Math.max(0, ...inForce());
      if (seen === sequence) raised += 1;
      highest = Math.max(highest, seen);

      // Nothing lies there any more: what was kept is all there is.
      lists.put(undefined, undefined);
      await lists.site.start();
      const kept = await lists.shown();
      expect(kept.state).toBe("in_force");
      expect([highest, sequence]).toContain(kept.sequence);
      highest = kept.sequence ?? 0;
      expect(await lists.asked("other")).toBe("APPROVE");

      await lists.publish(ListSite.old, { sequence: highest - 1 });
      expect(await lists.reload()).toMatch(/^lists\.sanctions: sequence: /);
      expect(lists.site.exceptions()).toEqual([]);
    }
    process.stdout.write(`lists: killed ${KILLS} times, ${raised} of them after the swap\n`);
    await lists.site.running.stop();
    expect(lists.site.verify()).toEqual({ ok: true, found: 0 });
  });
});
