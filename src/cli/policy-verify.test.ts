import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../test/support/command.ts";
import { runInside } from "../../test/support/command-inside.ts";
import { FEW_RULES } from "../../test/support/few-rules.ts";
import { opened } from "../../test/support/ledger.ts";
import {
  type PublisherKey,
  publisherKey,
  rfc3339,
  type Says,
  says,
  statementOf,
} from "../../test/support/publisher.ts";
import { ReleaseHost } from "../../test/support/release-host.ts";
import { digestOf } from "../../test/support/small-releases.ts";
import { LedgerReleases } from "../decisions/release-history.ts";
import { ReleaseStore } from "../policy/release-store.ts";

const root = mkdtempSync(join(tmpdir(), "countersign-verify-"));
afterAll(() => rmSync(root, { recursive: true }));

let key: PublisherKey;
let other: PublisherKey;
let archive: Buffer;
let revision: string;
beforeAll(async () => {
  [key, other] = await Promise.all([publisherKey(), publisherKey("p256")]);
  archive = readFileSync(FEW_RULES.open);
  revision = JSON.parse((await run("policy", "inspect", FEW_RULES.open, "--json")).out).revision;
});

let folder: string;
let release: string;
let config: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
  release = join(folder, "release.tar.gz");
  cpSync(FEW_RULES.open, release);
  writeFileSync(join(folder, "key.pub"), key.publicPem);
  configure({ keys: ["./key.pub"], audience: "production" });
});

function configure(trust: unknown, more: Record<string, unknown> = {}): void {
  config = join(folder, "config.json");
  const value = {
    signing_key: "server.pem",
    nodes: [{ name: "node-1", callback_public_keys: ["node.pub"] }],
    policy: { release: "elsewhere.tar.gz", trust, ...more },
  };
  writeFileSync(config, JSON.stringify(value));
}

async function publish(members: Says = {}, by: PublisherKey = key): Promise<void> {
  const payload = says(digestOf(archive), { revision, ...members });
  writeFileSync(`${release}.statement.json`, await statementOf(payload, by));
}

/** The outcomes by step, and the exit code. */
async function verify(): Promise<{
  code: number;
  steps: Record<string, string>;
  details: Record<string, string>;
}> {
  const { code, out } = await runInside("policy", "verify", release, "--config", config, "--json");
  const found: { step: string; outcome: string; detail?: string }[] = JSON.parse(out).steps;
  return {
    code,
    steps: Object.fromEntries(found.map(({ step, outcome }) => [step, outcome])),
    details: Object.fromEntries(found.map(({ step, detail = "" }) => [step, detail])),
  };
}

describe("is wrong usage", () => {
  test("without a release, a config, or keys to trust", async () => {
    const nowhere = join(folder, "nowhere");
    expect((await runInside("policy", "verify", nowhere, "--config", config)).code).toBe(2);
    expect((await runInside("policy", "verify", release, "--config", nowhere)).code).toBe(2);
    expect((await runInside("policy", "verify", release)).code).toBe(2);
    writeFileSync(join(folder, "key.pub"), key.privatePem);
    const { code, errors } = await runInside("policy", "verify", release, "--config", config);
    expect({ code, errors }).toEqual({
      code: 2,
      errors: expect.stringMatching(/^policy\.trust: .*a private key/),
    });
  });
});

describe("says the step that would refuse it, with 1", () => {
  test.each<[string, () => Promise<void>, string]>([
    ["without a statement", async () => {}, "statement"],
    ["signed by nobody who is trusted", async () => publish({}, other), "signatures"],
    ["signed for something else", async () => publish({ more: 1 }), "payload"],
    ["for another audience", async () => publish({ audience: "staging" }), "audience"],
    ["expired", async () => publish({ expires_at: rfc3339(Date.now() - 1_000) }), "time"],
    ["another archive", async () => publish({ sha256: "ab".repeat(32) }), "digest"],
    ["another revision", async () => publish({ revision: "other" }), "archive"],
  ])("%s", async (_name, prepare, step) => {
    await prepare();
    const { code, steps } = await verify();
    expect(code).toBe(1);
    const refused = Object.entries(steps).filter(([, outcome]) => outcome === "refused");
    expect(refused.map(([name]) => name)).toEqual([step]);
    const order = Object.keys(steps);
    const after = order.slice(order.indexOf(step) + 1).map((name) => steps[name]);
    expect(new Set(after)).toEqual(new Set(["not reached"]));
  });

  test("older than what was live, and in quarantine, as this installation knows them", async () => {
    const state = join(folder, "state");
    const store = await ReleaseStore.open(join(state, "releases"), { confirmEveryMs: 0, failed: () => {} });
    const { ledger } = await opened(state);
    await new LedgerReleases(ledger, Date.now).record(
      { revision: "newer", sequence: 5, sha256: "cd".repeat(32) },
      {
        ...{ audience: "production", sequence: 5, revision: "newer", sha256: "cd".repeat(32) },
        ...{ created_at: 0, expires_at: 0, payload: "", signedBy: [] },
      },
    );
    await publish({ sequence: 4 });
    expect(await verify()).toMatchObject({ code: 1, steps: { sequence: "refused", time: "not reached" } });
    await publish({ sequence: 6 });
    expect(await verify()).toMatchObject({ code: 0 });
    const entry = { sha256: digestOf(archive), sequence: 6, step: "guard" as const, message: "no", at: 5 };
    await store.quarantine(entry);
    expect(await verify()).toMatchObject({ code: 1, steps: { digest: "ok", quarantine: "refused" } });
  });
});

test("says that it would go live, with 0, and touches nothing", async () => {
  await publish({ sequence: 3 });
  const { code, steps, details } = await verify();
  expect(code).toBe(0);
  expect(new Set(Object.values(steps))).toEqual(new Set(["ok"]));
  expect(details).toMatchObject({
    signatures: `1, 1 needed: ${key.kid}`,
    audience: "production",
    sequence: "3",
    digest: digestOf(archive),
  });
  expect(existsSync(join(folder, "state"))).toBe(false);
  const { out } = await runInside("policy", "verify", release, "--config", config);
  expect(out).toMatch(/^ok {7}statement\nok {7}signatures {3}1, 1 needed/);
  expect(out).toContain(`it would go live: revision ${revision}, sequence 3`);
});

test("looks at no statement where the installation asks for none", async () => {
  configure("unsigned");
  const unsigned = await verify();
  expect(unsigned.code).toBe(0);
  expect(Object.keys(unsigned.steps)).not.toContain("statement");
  configure({ sha256: digestOf(archive) });
  expect(await verify()).toMatchObject({ code: 0, steps: { digest: "ok" } });
  configure({ sha256: "0".repeat(64) });
  expect(await verify()).toMatchObject({ code: 1, steps: { digest: "refused", archive: "not reached" } });
});

describe("a release's URL", () => {
  let host: ReleaseHost;
  beforeAll(async () => {
    host = await ReleaseHost.start();
  });
  afterAll(() => host.close());

  /** The installation's own release lies on a host, and its token goes there. */
  function fromHost(own: string): void {
    writeFileSync(join(folder, "token"), "t0ken");
    const value = JSON.parse(readFileSync(config, "utf8"));
    value.policy = { ...value.policy, release: own, fetch: { bearer_file: "./token" } };
    writeFileSync(config, JSON.stringify(value));
  }

  test("that the config would not take is wrong usage", async () => {
    for (const url of ["https://bob:pw@example.com/r", "https://example.com/r#a"]) {
      expect((await runInside("policy", "verify", url, "--config", config)).code).toBe(2);
    }
    configure("unsigned");
    const { code, errors } = await runInside("policy", "verify", "http://example.com/r", "--config", config);
    expect({ code, errors }).toEqual({ code: 2, errors: expect.stringMatching(/on the line/) });
  });

  test("that gives no pair says why, with 1", async () => {
    release = host.url("/r.tar.gz");
    const none = await runInside("policy", "verify", release, "--config", config);
    expect(none).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/no statement beside .*status 404/),
    });
    host.answer("/r.tar.gz.statement.json", (response) => response.writeHead(500).end());
    const failed = await runInside("policy", "verify", release, "--config", config);
    expect(failed).toMatchObject({ code: 1, errors: expect.stringMatching(/status 500/) });
  });

  test("is fetched as the installation would; its token goes to its own host alone", async () => {
    host.put("/r.tar.gz", archive);
    host.put("/r.tar.gz.statement.json", await statementOf(says(digestOf(archive), { revision }), key));
    release = host.url("/r.tar.gz");
    fromHost("https://releases.example/own.tar.gz");
    expect(await verify()).toMatchObject({ code: 0, steps: { signatures: "ok" } });
    expect(host.asked.at(-1)?.headers.authorization).toBeUndefined();
    fromHost(host.url("/own.tar.gz"));
    expect(await verify()).toMatchObject({ code: 0 });
    expect(host.asked.at(-1)?.headers.authorization).toBe("Bearer t0ken");
  });
});

test("says that a gate is not asked here", async () => {
  configure({ keys: ["./key.pub"], audience: "production" }, { gate: { replay: "7d" } });
  await publish();
  const { code, out } = await runInside("policy", "verify", release, "--config", config);
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringMatching(/\nit would go live, if the gate of the server lets it through: revision /),
  });
  // And in a process of its own.
  const json = JSON.parse((await run("policy", "verify", release, "--config", config, "--json")).out);
  expect(json).toMatchObject({ ok: true, gate: "not asked" });
});
