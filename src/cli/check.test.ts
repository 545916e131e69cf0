import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "../../test/support/certificates.ts";
import { FEW_RULES } from "../../test/support/few-rules.ts";
import { keyPair } from "../../test/support/key-pairs.ts";
import { DAY_MS, publisherKey, rfc3339, says, statementOf } from "../../test/support/publisher.ts";
import { pointOf } from "../../test/support/query-double.ts";
import { ReleaseHost } from "../../test/support/release-host.ts";
import { inspectRelease } from "../policy/inspect.ts";
import { check } from "./check.ts";
import { UsageError } from "./output.ts";

const server = keyPair();
const node = keyPair();

function writePem(file: string, pem: string): void {
  writeFileSync(file, pem, { mode: 0o600 });
}

/** A folder with keys and a config of these members over the smallest one. */
function install(more: Record<string, unknown> = {}): { directory: string; config: string } {
  const directory = mkdtempSync(join(tmpdir(), "check-"));
  writePem(join(directory, "server.pem"), server.privatePem);
  writePem(join(directory, "node.key"), node.publicPem);
  const config = join(directory, "config.yaml");
  const value = {
    listen: { nodes: "127.0.0.1:0", admin: "127.0.0.1:0" },
    signing_key: "server.pem",
    nodes: [{ name: "node-1", callback_public_keys: ["node.key"] }],
    scope: { vaults: ["v-1"] },
    policy: { release: "release.tar.gz", trust: { sha256: "0a".repeat(32) } },
    ...more,
  };
  writeFileSync(config, JSON.stringify(value));
  return { directory, config };
}

/** Severity and message by path, the missing release left out: it is missing in all of these. */
async function findings(config: string, environment = {}): Promise<Record<string, string>> {
  const found = await check(config, environment);
  const others = found.filter(({ path }) => path !== "policy.release");
  return Object.fromEntries(others.map(({ severity, path, message }) => [path, `${severity} ${message}`]));
}

/** Those of `push.query`. */
async function queryFindings(config: string): Promise<Record<string, string>> {
  const all = Object.entries(await findings(config));
  return Object.fromEntries(all.filter(([path]) => path.startsWith("push.query")));
}

describe("a release's URL", () => {
  let host: ReleaseHost;
  beforeAll(async () => {
    host = await ReleaseHost.start();
  });
  afterAll(() => host.close());

  const at = (path: string, more: Record<string, unknown> = {}) =>
    install({ policy: { release: host.url(path), trust: "unsigned", ...more } });

  test("that can't be reached, is not there, or needs another token: what the host said, and no secret", async () => {
    const nobody = host.url("/").replace(/:\d+/, ":1");
    const { config } = install({ policy: { release: `${nobody}?key=hidden`, trust: "unsigned" } });
    const [{ message = "" } = {}] = (await check(config, {})).filter(({ path }) => path === "policy.release");
    expect(message).toMatch(/^download: http.*\?…: no answer \(ECONNREFUSED\)$/);

    host.answer("/closed", (response) => response.writeHead(401).end());
    const { config: closed, directory } = at("/closed", { fetch: { bearer_file: "token" } });
    writeFileSync(join(directory, "token"), "t0ken", { mode: 0o644 });
    const found = await check(closed, {});
    expect(found.find(({ path }) => path === "policy.release")?.message).toMatch(/^download: .*: status 401/);
    expect(found.find(({ path }) => path === "policy.fetch.bearer_file")).toMatchObject({
      severity: "warning",
      message: expect.stringMatching(/open to other users \(mode 0644\)/),
    });
    expect(JSON.stringify(found)).not.toContain("t0ken");
  });

  test("over plain http to another machine, unsigned", async () => {
    const { config } = install({ policy: { release: "http://releases.example/r", trust: "unsigned" } });
    expect(await check(config, {})).toContainEqual({
      severity: "error",
      path: "policy.release",
      message: expect.stringMatching(/^http to another machine/),
    });
  });

  test("that has a release: nothing but what is weak", async () => {
    host.put("/release.tar.gz", readFileSync(FEW_RULES.open));
    const found = await check(at("/release.tar.gz").config, {});
    expect(found.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(found).toContainEqual({
      severity: "warning",
      path: "policy.trust",
      message: expect.stringMatching(/^unsigned: .*runs the host/),
    });
  });
});

describe("errors", () => {
  test("a config file that is not there is wrong usage", async () => {
    await expect(check("/nowhere/config.yaml", {})).rejects.toBeInstanceOf(UsageError);
  });

  test("problems of the config and of the files, together", async () => {
    const { config } = install({ colour: "red", alerts: [], signing_key: "missing.pem" });
    expect(await findings(config)).toEqual({
      colour: "error unknown key",
      alerts: expect.stringMatching(/^error not built yet/),
      signing_key: expect.stringMatching(/^error .*missing\.pem.*ENOENT/),
    });
  });

  test("a required member that is refused or absent hides nothing else", async () => {
    const { config } = install({
      listen: { nodes: "nowhere", admin: "127.0.0.1:0" },
      nodes: [
        { name: "a b", callback_public_keys: ["missing.key"] },
        { name: "c", callback_public_keys: [5, "absent.key"], payload: "v3" },
        { callback_public_keys: ["node.key"] },
        { name: "c", callback_public_keys: "node.key" },
      ],
      scope: { vaults: 1 },
      policy: { release: "release.tar.gz" },
      state_dir: "server.pem",
    });
    const found = await check(config, {});
    const errors = found.filter(({ severity }) => severity === "error").map(({ path }) => path);
    expect(errors.sort()).toEqual([
      "listen.nodes",
      "nodes[0].callback_public_keys[0]",
      "nodes[0].name",
      "nodes[1].callback_public_keys[0]",
      "nodes[1].callback_public_keys[1]",
      "nodes[1].payload",
      "nodes[2].name",
      "nodes[3].callback_public_keys",
      "policy.release",
      "policy.trust",
      "scope.vaults",
      "state_dir",
    ]);
    expect(found.find(({ path }) => path === "policy.trust")?.message).toMatch(/^must be said/);

    writeFileSync(config, JSON.stringify({ listen: { admin: "127.0.0.1:0", nodes: { address: 1 } } }));
    expect(Object.keys(await findings(config)).sort()).toEqual([
      "listen.nodes.address",
      "nodes",
      "policy",
      "scope",
      "signing_key",
    ]);
  });

  test("two listeners that cannot have their ports at once", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, "close");
    const { config } = install({ listen: { nodes: `0.0.0.0:${port}`, admin: `127.0.0.1:${port}` } });
    expect(await findings(config)).toEqual({ "listen.admin": expect.stringMatching(/^error .*EADDRINUSE/) });
  });

  test("a release that is not there", async () => {
    const found = await check(install().config, {});
    expect(found.map(({ severity, path }) => `${severity} ${path}`)).toEqual(["error policy.release"]);
  });

  test("a key to ask Cobo with that has no secret, another one's, or one that others may read", async () => {
    const [point, other] = [pointOf("11".repeat(32)), pointOf("22".repeat(32))];
    const query = { api: "waas1", base_url: "https://api.cobo.com", key: point, secret_file: "waas1.key" };
    const { directory, config } = install({ push: { keys: ["prod"], query } });
    const secret = join(directory, "waas1.key");
    expect(await queryFindings(config)).toEqual({
      "push.query.secret_file": `error ${secret}: cannot be read (ENOENT)`,
    });
    writePem(secret, "22".repeat(32));
    expect(await queryFindings(config)).toEqual({
      "push.query.key": `error ${secret}: the secret of another key, ${other}`,
    });
    writeFileSync(secret, "11".repeat(31));
    expect(await queryFindings(config)).toEqual({
      "push.query.secret_file": `error ${secret}: not 64 hex digits`,
    });
    writeFileSync(secret, `${"11".repeat(32)}\n`);
    expect(await queryFindings(config)).toEqual({});
    chmodSync(secret, 0o640);
    expect(await queryFindings(config)).toEqual({
      "push.query.secret_file": expect.stringMatching(/^warning .*mode 0640/),
    });
  });

  test("members of the query that are refused hide nothing else", async () => {
    const query = { api: "waas1", base_url: "http://api.cobo.com", key: "02", secret_file: "absent.key" };
    const { config } = install({
      push: { keys: ["prod"], query },
      signing_key: "missing.pem",
    });
    expect(Object.keys(await queryFindings(config)).sort()).toEqual([
      "push.query.base_url",
      "push.query.key",
      "push.query.secret_file",
    ]);
    expect(await findings(config)).toHaveProperty("signing_key");
  });

  test("keys that are too small, of the wrong half, of the wrong kind, no keys", async () => {
    const { directory, config } = install({
      nodes: [
        { name: "a", callback_public_keys: ["small.key", "private.key", "text.key", "."] },
        { name: "b", callback_public_keys: ["ec.key"], signing_key: "node.key" },
      ],
    });
    writePem(join(directory, "small.key"), keyPair(1024).publicPem);
    writePem(join(directory, "private.key"), node.privatePem);
    writePem(join(directory, "text.key"), "no key");
    execFileSync("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.pem"], {
      cwd: directory,
    });
    execFileSync("openssl", ["ec", "-in", "ec.pem", "-pubout", "-out", "ec.key"], {
      cwd: directory,
      stdio: "pipe",
    });
    expect(await findings(config)).toEqual({
      "nodes[0].callback_public_keys[0]": expect.stringMatching(/^error .*1024/),
      "nodes[0].callback_public_keys[1]": expect.stringMatching(/^error .*private\.key/),
      "nodes[0].callback_public_keys[2]": expect.stringMatching(/^error .*text\.key/),
      "nodes[0].callback_public_keys[3]": expect.stringMatching(/^error .*EISDIR/),
      "nodes[1].callback_public_keys[0]": expect.stringMatching(/^error .*RSA/),
      "nodes[1].signing_key": expect.stringMatching(/^error .*node\.key/),
    });
  });

  test("one key for two nodes, and a node with the server's key", async () => {
    const { directory, config } = install({
      nodes: [
        { name: "a", callback_public_keys: ["node.key"] },
        { name: "b", callback_public_keys: ["copy.key", "server.key"] },
      ],
    });
    copyFileSync(join(directory, "node.key"), join(directory, "copy.key"));
    writePem(join(directory, "server.key"), server.publicPem);
    expect(await findings(config)).toEqual({
      "nodes[1].callback_public_keys[0]": expect.stringMatching(/^error the same key as nodes\[0\]/),
      "nodes[1].callback_public_keys[1]": expect.stringMatching(/^error the public half of signing_key/),
      signing_key: expect.stringMatching(/^warning signs for a, b: /),
    });
  });

  test("a port in use, a state folder that is a file, TLS files that do not fit", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const [first, second] = [createAuthority().issue("a"), createAuthority().issue("b")];
    const { directory, config } = install({
      listen: {
        nodes: `127.0.0.1:${(taken.address() as AddressInfo).port}`,
        admin: { address: "127.0.0.1:0", tls: { cert: first.cert, key: second.key } },
      },
      state_dir: "state",
    });
    writeFileSync(join(directory, "state"), "");
    chmodSync(second.key, 0o600);
    expect(await findings(config)).toEqual({
      "listen.nodes": expect.stringMatching(/^error .*EADDRINUSE/),
      "listen.admin.tls": expect.stringMatching(/^error/),
      state_dir: expect.stringMatching(/^error/),
    });
    taken.close();
  });

  test("lists and prices that cannot be read, with the line, and prices that are none", async () => {
    const { directory, config } = install({
      lists: { gone: "gone.csv", bad: "bad.csv", empty: "empty.csv", good: "good.csv" },
      prices: { file: "prices.json" },
    });
    writeFileSync(join(directory, "bad.csv"), "address\nT1\n T2\n");
    writeFileSync(join(directory, "empty.csv"), "address\n");
    writeFileSync(join(directory, "good.csv"), "address\nT1\n");
    const readable = {
      "lists.gone": expect.stringMatching(/^error .*gone\.csv: .*ENOENT/),
      "lists.bad": expect.stringMatching(/^error .*bad\.csv: line 3: /),
      "lists.empty": expect.stringMatching(/^warning .*empty\.csv: empty/),
    };
    const withPrices = async (text: string) => {
      writeFileSync(join(directory, "prices.json"), text);
      return await findings(config);
    };
    expect(await withPrices("[]")).toEqual({
      ...readable,
      "prices.file": expect.stringMatching(/^error .*prices\.json: it is no JSON object/),
    });
    expect(await withPrices(`{"ETH":{"usd":"0","at":${Date.now()}}}`)).toEqual({
      ...readable,
      "prices.file": expect.stringMatching(/^warning .*ETH has no price: zero/),
    });
    expect(await withPrices('{"ETH":{"usd":"1","at":1}}')).toEqual({
      ...readable,
      "prices.file": expect.stringMatching(/^warning .*ETH has no price: it is stale/),
    });
    expect(await withPrices(`{"ETH":{"usd":"1","at":${Date.now()}}}`)).toEqual(readable);
  });

  test("an admin token that others can read", async () => {
    const { directory, config } = install();
    mkdirSync(join(directory, "state"));
    writeFileSync(join(directory, "state", "admin.token"), "t".repeat(43), { mode: 0o644 });
    expect(await findings(config)).toEqual({ state_dir: expect.stringMatching(/^error .*0600/) });
  });
});

test("keys to trust that can't be", async () => {
  const [one, other] = await Promise.all([publisherKey(), publisherKey("p256")]);
  const policy = (...keys: string[]) => ({
    release: "release.tar.gz",
    trust: { keys, threshold: 1, audience: "production" },
  });
  const found = async (keys: Record<string, string>, names = Object.keys(keys)) => {
    const { directory, config } = install({ policy: policy(...names) });
    for (const [name, text] of Object.entries(keys)) writeFileSync(join(directory, name), text);
    return await findings(config);
  };
  expect(await found({}, ["none.pub"])).toEqual({ "policy.trust": expect.stringMatching(/^error .*ENOENT/) });
  expect(await found({ "a.pub": one.privatePem })).toEqual({
    "policy.trust": expect.stringMatching(/^error .*a\.pub: a private key/),
  });
  const jwk = JSON.stringify(one.verifying.key.export({ format: "jwk" }));
  expect(await found({ "a.pub": one.publicPem, "b.jwk": jwk })).toEqual({
    "policy.trust": expect.stringMatching(/^error .*a\.pub and .*b\.jwk hold the same key/),
  });
  expect(await found({ "a.pub": one.publicPem, "b.pub": other.publicPem })).toEqual({});
});

describe("warnings", () => {
  test("what weakens the protection", async () => {
    const { directory, config } = install({
      scope: undefined,
      policy: { release: "release.tar.gz", trust: "unsigned" },
      listen: { nodes: { address: "127.0.0.1:0", allow: [] }, admin: "0.0.0.0:0" },
    });
    chmodSync(join(directory, "server.pem"), 0o644);
    const found = await findings(config, { COUNTERSIGN_STATE_DR: "x" });
    expect(found).toEqual({
      COUNTERSIGN_STATE_DR: expect.stringMatching(/^warning/),
      scope: expect.stringMatching(/^warning open/),
      "policy.trust": expect.stringMatching(/^warning unsigned/),
      "listen.nodes.allow": expect.stringMatching(/^warning/),
      "listen.admin": expect.stringMatching(/^warning/),
      signing_key: expect.stringMatching(/^warning .*0644/),
    });
  });

  test.each<[string, Record<string, unknown>, Record<string, RegExp>]>([
    ["keys of pushes without a listener", { push: { keys: ["prod"] } }, { "push.keys": /listen\.push/ }],
    [
      "a listener for pushes without keys",
      { listen: { nodes: "127.0.0.1:0", push: "127.0.0.1:0", admin: "127.0.0.1:0" } },
      { "listen.push": /push\.keys/ },
    ],
    [
      "messages of both environments",
      {
        listen: {
          nodes: "127.0.0.1:0",
          push: { address: "127.0.0.1:0", allow: ["127.0.0.1/32"] },
          admin: "127.0.0.1:0",
        },
        push: { keys: ["prod", "dev"] },
      },
      { "push.keys": /^warning both environments/, scope: /^warning vaults/ },
    ],
    [
      "a scope that no confirmation can be seen to be in",
      {
        listen: {
          nodes: "127.0.0.1:0",
          push: { address: "127.0.0.1:0", allow: ["127.0.0.1/32"] },
          admin: "127.0.0.1:0",
        },
        push: { keys: ["prod"] },
      },
      { scope: /^warning vaults: a withdrawal confirmation/ },
    ],
    [
      "a listener for pushes that anybody reaches",
      {
        listen: { nodes: "127.0.0.1:0", push: "127.0.0.1:0", admin: "127.0.0.1:0" },
        push: { keys: ["prod"] },
        scope: {},
      },
      { "listen.push.allow": /^warning absent/, scope: /^warning open/ },
    ],
  ])("%s", async (_, more, expected) => {
    const found = Object.entries(expected).map(([path, words]) => [path, expect.stringMatching(words)]);
    expect(await findings(install(more).config)).toEqual(Object.fromEntries(found));
  });

  test("a candidate that would not judge; one that is not there, or would, is none", async () => {
    const policy = { release: "release.tar.gz", trust: "unsigned", candidate: "next.tar.gz" };
    const { directory, config } = install({ policy });
    const ofCandidate = async () =>
      (await check(config, {})).filter(({ path }) => path === "policy.candidate");
    expect(await ofCandidate()).toEqual([]);
    writeFileSync(join(directory, "next.tar.gz"), "no release");
    expect(await ofCandidate()).toEqual([
      {
        severity: "warning",
        path: "policy.candidate",
        message: expect.stringMatching(/^archive: not a gzip file/),
      },
    ]);
    copyFileSync(FEW_RULES.open, join(directory, "next.tar.gz"));
    expect(await ofCandidate()).toEqual([]);
  });

  test("a signed release that expires before long", async () => {
    const key = await publisherKey();
    const trust = { keys: ["trust.pub"], audience: "production" };
    const { directory, config } = install({ policy: { release: "release.tar.gz", trust } });
    writeFileSync(join(directory, "trust.pub"), key.publicPem);
    const release = join(directory, "release.tar.gz");
    copyFileSync(FEW_RULES.open, release);
    const archive = readFileSync(release);
    const { identity } = await inspectRelease(archive);
    const now = Date.now();
    const sign = async (expiresMs: number): Promise<string[]> => {
      const members = {
        revision: identity.revision,
        created_at: rfc3339(now - 30 * DAY_MS),
        expires_at: rfc3339(now + expiresMs),
      };
      writeFileSync(`${release}.statement.json`, await statementOf(says(identity.sha256, members), key));
      const found = await check(config, {});
      return found.flatMap(({ path, severity, message }) =>
        path === "policy.release" && !message.includes("is not enforced") ? [`${severity} ${message}`] : [],
      );
    };
    expect(await sign(-1_000)).toEqual([expect.stringMatching(/^error time: .*expired/)]);
    expect(await sign(2 * DAY_MS)).toEqual([expect.stringMatching(/^warning the release expires at/)]);
    expect(await sign(30 * DAY_MS)).toEqual([]);
    expect(existsSync(join(directory, "state"))).toBe(false);
  });

  test("none where nothing is weak", async () => {
    expect(await findings(install().config)).toEqual({});
  });
});
