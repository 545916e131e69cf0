import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unknownVariables } from "./config/environment.ts";
import { ConfigError } from "./config/error.ts";
import { configReference, describeKeys } from "./config/reference.ts";
import { salvageConfig } from "./config/salvage.ts";
import { configSchema } from "./config/schema.ts";
import { parseDuration, parseSize } from "./config/values.ts";
import { loadConfig, parseConfig } from "./config.ts";

const MINIMAL = `
signing_key: keys/server.pem
nodes:
  - name: node-1
    callback_public_keys: [keys/node.key]
policy: { trust: unsigned }
`;

const QUERY = {
  api: "waas1",
  base_url: "https://api.dev.cobo.com",
  key: `02${"ab".repeat(32)}`,
  secret_file: "keys/waas1.key",
};

function problemsOf(source: string, environment: Record<string, string> = {}): Record<string, string> {
  try {
    parseConfig(source, "/etc/countersign", environment);
  } catch (error) {
    if (error instanceof ConfigError) {
      return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
    }
    throw error;
  }
  return {};
}

describe("refused", () => {
  test("unknown keys, each with its path", () => {
    const problems = problemsOf(
      `${MINIMAL}colour: red\nlisten: {nodes: {address: "127.0.0.1:1", tsl: {}}}\nlimits: {bodi: 1MiB}\n`,
    );
    expect(problems).toEqual({
      colour: "unknown key",
      "listen.nodes.tsl": "unknown key",
      "limits.bodi": "unknown key",
    });
  });

  test("an unknown key in a node", () => {
    const source = MINIMAL.replace("name: node-1", "name: node-1\n    nam: x");
    expect(problemsOf(source)).toEqual({ "nodes[0].nam": "unknown key" });
  });

  test.each([
    ["waas2: {keys: [prod]}", "waas2"],
    ["alerts: []", "alerts"],
  ])("what is not built yet, as such: %s", (line, path) => {
    expect(problemsOf(`${MINIMAL}${line}\n`)[path]).toMatch(/^not built yet/);
  });

  test.each([
    ["candidate: ftp://h/next.tar.gz", "policy.candidate", /URL of http or https/],
    ["candidate: bundles/default.tar.gz", "policy.candidate", /the place of policy.release/],
    ["candidate: 'http://h/next.tar.gz'", "policy.candidate", /trust is unsigned/],
    ["gate: {}", "policy.gate.replay", /^required$/],
    ["gate: {replay: 7}", "policy.gate.replay", /./],
    ["gate: {replay: 400d}", "policy.gate.replay", /longer than ledger.retain_inputs/],
    ["max_age: 10m, gate: {replay: 7d}", "policy.max_age", /not longer than policy.gate.limit/],
    ["gate: {replay: 7d, max_newly_approved: -1}", "policy.gate.max_newly_approved", /./],
    ["gate: {replay: 7d, max_newly_refused: 0}", "policy.gate.max_newly_refused", /unknown key/],
  ])("a candidate or a gate that can't be: %s", (entry, path, message) => {
    const source = MINIMAL.replace("trust: unsigned", `trust: unsigned, ${entry}`);
    expect(problemsOf(source)[path]).toMatch(message);
  });

  test("a candidate and a gate", () => {
    const entry = "candidate: next.tar.gz, gate: {replay: 7d}";
    const source = MINIMAL.replace("trust: unsigned", `trust: unsigned, ${entry}`);
    const { policy } = parseConfig(source, "/etc/countersign");
    expect(policy.candidate).toBe("/etc/countersign/next.tar.gz");
    expect(policy.gate).toEqual({ replay: 604_800_000, max_newly_approved: 0, limit: 600_000 });
  });

  test("keys for events, as not built yet", () => {
    const source = MINIMAL.replace("[keys/node.key]", "[keys/node.key]\n    event_public_keys: [e.key]");
    expect(problemsOf(source)).toEqual({
      "nodes[0].event_public_keys": expect.stringMatching(/^not built yet/),
    });
  });

  test.each([
    ["{keys: [], audience: a}", /keys/],
    ["{keys: a.pem, audience: a}", /keys/],
    ["{keys: [1], audience: a}", /keys/],
    ["{keys: [a.pem]}", /audience/],
    ["{keys: [a.pem], audience: ''}", /audience/],
    ["{keys: [a.pem], audience: two words}", /audience/],
    ["{keys: [a.pem], audience: a, threshold: 0}", /threshold/],
    ["{keys: [a.pem], audience: a, threshold: 1.5}", /threshold/],
    ["{keys: [a.pem], audience: a, threshold: 2}", /threshold: 2 of 1 keys/],
    ["{keys: [a.pem], audience: a, max_age: 1h}", /max_age/],
    [`{keys: [a.pem], audience: a, sha256: ${"a".repeat(64)}}`, /sha256/],
  ])("trust by keys that can't be meant: %s", (trust, why) => {
    expect(problemsOf(MINIMAL.replace("unsigned", trust))).toEqual({
      "policy.trust": expect.stringMatching(why),
    });
  });

  test.each([
    ["ftp://example.com/r.tar.gz", /http or https/],
    ["s3://bucket/r.tar.gz", /http or https/],
    ["file:///srv/r.tar.gz", /http or https/],
    ["https://", /http or https/],
    ["https://bob@example.com/r.tar.gz", /bearer_file/],
    ["https://bob:secret@example.com/r.tar.gz", /bearer_file/],
    ["https://example.com/r.tar.gz#latest", /fragment/],
    ["http://example.com/r.tar.gz", /on the line makes the policy/],
    ["http://127.0.0.1.example.com/r.tar.gz", /on the line makes the policy/],
  ])("a release's URL that can't be meant: %s", (url, why) => {
    const problems = problemsOf(MINIMAL.replace("trust: unsigned", `trust: unsigned, release: "${url}"`));
    expect(problems).toEqual({ "policy.release": expect.stringMatching(why) });
    expect(JSON.stringify(problems)).not.toContain("secret");
  });

  test("a token that would travel in the clear", () => {
    const policy = `{trust: {sha256: ${"a".repeat(64)}}, release: "http://example.com/r", fetch: {bearer_file: t}}`;
    expect(problemsOf(MINIMAL.replace("{ trust: unsigned }", policy))).toEqual({
      "policy.fetch.bearer_file": expect.stringMatching(/in the clear/),
    });
  });

  test("a release that is stale before it is looked at again", () => {
    const source = MINIMAL.replace("trust: unsigned", "trust: unsigned, poll: 1m, max_age: 1m");
    expect(problemsOf(source)).toEqual({ "policy.max_age": "not longer than policy.poll" });
  });

  test.each(["", "{}", "true", "{sha256: abc}", `{sha256: ${"A".repeat(64)}}`, "[unsigned]"])(
    "trust that is not one of its forms: %s",
    (trust) => {
      expect(Object.keys(problemsOf(MINIMAL.replace("unsigned", trust)))).toEqual(["policy.trust"]);
    },
  );

  test("trust and keys that are not said", () => {
    expect(problemsOf("policy: {}\n")).toMatchObject({
      signing_key: "required",
      nodes: "required",
      "policy.trust": expect.stringMatching(/must be said/),
    });
  });

  test("everything at once", () => {
    const source = `${MINIMAL}zone: Mars\ntoken: {leeway: 1h}\nlimits: {body: 1MB, in_flight: 0}\nscope: {vaults: [1]}\n`;
    expect(Object.keys(problemsOf(source)).sort()).toEqual(
      ["limits.body", "limits.in_flight", "scope.vaults[0]", "token.leeway", "zone"].sort(),
    );
  });

  test.each([
    "11020",
    ":11020",
    "127.0.0.1",
    "127.0.0.1:99999",
    "'::1:11020'",
    "'[10.0.0.1]:1'",
    "http://a:1",
  ])("an address such as %s", (address) => {
    expect(Object.keys(problemsOf(`${MINIMAL}listen: {nodes: ${address}}\n`))).toEqual(["listen.nodes"]);
  });

  test.each([
    ["[prod, staging]", "push.keys[1]", /not prod, dev, or a compressed point/],
    ["['']", "push.keys[0]", /not prod, dev/],
    [`['04${"ab".repeat(64)}']`, "push.keys[0]", /not prod, dev/],
    [`['02${"f".repeat(64)}']`, "push.keys[0]", /no point on secp256k1/],
    // x = 5 is on no point of the curve.
    [`['02${"0".repeat(63)}5']`, "push.keys[0]", /no point on secp256k1/],
    ["[prod, prod]", "push.keys[1]", /the same key twice/],
    [
      "[dev, 03596DA539963FB1DD29D5859E25903EB76B9F7ED2D58516E29C9F80C201FF2C1B]",
      "push.keys[1]",
      /the same key twice/,
    ],
    ["prod", "push.keys", /expected array/],
  ])("keys of pushes: %s", (keys, path, message) => {
    const problems = problemsOf(`${MINIMAL}push: {keys: ${keys}}\n`);
    expect(problems).toEqual({ [path]: expect.stringMatching(message) });
  });

  test.each([
    ["api: waas2", "api", /expected "waas1"/],
    ["base_url: http://api.cobo.com", "base_url", /^https, or http to this machine itself$/],
    ["base_url: http://127.0.0.1.cobo.com", "base_url", /^https, or http/],
    ["base_url: http://10.0.0.1:8080", "base_url", /^https, or http/],
    ["base_url: ftp://127.0.0.1", "base_url", /^https, or http/],
    ["base_url: api.cobo.com", "base_url", /^not a URL/],
    ["base_url: https://api.cobo.com/v2", "base_url", /^scheme, host and port only/],
    ["base_url: https://user@api.cobo.com", "base_url", /^scheme, host and port only/],
    ["base_url: 'https://api.cobo.com/?a=1'", "base_url", /^scheme, host and port only/],
    ["base_url: 'https://api.cobo.com/#a'", "base_url", /^scheme, host and port only/],
    [`key: '04${"ab".repeat(32)}'`, "key", /^not a compressed point/],
    [`key: '02${"ab".repeat(31)}'`, "key", /^not a compressed point/],
    ["secret_file: ''", "secret_file", /Too small/],
    ["secret: 11", "secret", /^unknown key$/],
  ])("asking Cobo with %s", (line, key, message) => {
    const [name = ""] = line.split(":");
    const kept = Object.entries(QUERY).filter(([other]) => other !== name);
    const lines = [...kept.map(([other, value]) => `${other}: "${value}"`), line].join(", ");
    const problems = problemsOf(`${MINIMAL}push: {keys: [prod], query: {${lines}}}\n`);
    expect(problems).toEqual({ [`push.query.${key}`]: expect.stringMatching(message) });
  });

  test("asking Cobo without a key that its answer could be verified with", () => {
    expect(problemsOf(`${MINIMAL}push: {query: ${JSON.stringify(QUERY)}}\n`)).toEqual({
      "push.query": "without push.keys no answer can be believed",
    });
  });

  test("keys of pushes from the environment", () => {
    expect(problemsOf(MINIMAL, { COUNTERSIGN_PUSH__KEYS: "dev" })).toEqual({
      COUNTERSIGN_PUSH__KEYS: expect.stringMatching(/never taken from the environment/),
    });
  });

  test.each([
    ["window: {warn: never}", "push.window.warn"],
    ["window: {refuse: never}", "push.window.refuse"],
    ["window: {refuse: 59s}", "push.window.refuse"],
    ["on_unapproved_withdrawal: ignore", "push.on_unapproved_withdrawal"],
    ["key: prod", "push.key"],
  ])("of pushes: %s", (line, path) => {
    expect(Object.keys(problemsOf(`${MINIMAL}push: {${line}}\n`))).toEqual([path]);
  });

  test.each([
    ["prod", "prod"],
    ["02e0f72b60ca8c33", "02E0F72B60CA8C3341ACED89F3DBB829C5C4549CAE37ABD86A8270C3A8F172B51A"],
  ])("a node named like a key of pushes: %s", (name, key) => {
    const source = `${MINIMAL.replace("node-1", name)}push: {keys: ['${key}']}\n`;
    expect(problemsOf(source)).toEqual({ "nodes[0].name": "the name of a key of push.keys" });
    expect(problemsOf(source.replace(key, "dev"))).toEqual({});
  });

  test("networks and rates that are none, and an address twice", () => {
    const source = `${MINIMAL}listen:
  nodes: {address: "127.0.0.1:5", allow: [10.0.0.0/33, fd00::/129, example.com], rate: 50}
  push: {address: "127.0.0.1:6", rate: 0/s}
`;
    expect(Object.keys(problemsOf(source))).toEqual([
      "listen.nodes.allow[0]",
      "listen.nodes.allow[1]",
      "listen.nodes.allow[2]",
      "listen.nodes.rate",
      "listen.push.rate",
    ]);
    expect(problemsOf(`${MINIMAL}listen: {nodes: "127.0.0.1:5", admin: "127.0.0.1:5"}\n`)).toHaveProperty([
      "listen.admin",
    ]);
  });

  test("a ledger and a time for repeated approvals out of bounds", () => {
    const ledger = "ledger: {retain_inputs: 59m, min_free: -1, checkpoint_every: 0}";
    expect(Object.keys(problemsOf(`${MINIMAL}${ledger}\nlimits: {reissue: 25h}\n`)).sort()).toEqual([
      "ledger.checkpoint_every",
      "ledger.min_free",
      "ledger.retain_inputs",
      "limits.reissue",
    ]);
    expect(problemsOf(`${MINIMAL}ledger: {path: x}\n`)).toEqual({ "ledger.path": "unknown key" });
  });

  test("lists and prices: names that no rule can write, paths that are none, ages out of bounds", () => {
    for (const list of ["Sanctions", "a-b", "a.b", "1a", "''", "__proto__", "a".repeat(65)]) {
      expect(problemsOf(`${MINIMAL}lists: {${list}: a.csv}\n`)).toEqual({
        lists: expect.stringMatching(/is no name of lower-case letters/),
      });
    }
    expect(Object.keys(problemsOf(`${MINIMAL}lists: {a: '', b: 5}\nprices: {max_age: 2d}\n`)).sort()).toEqual(
      ["lists.a", "lists.b", "prices.file", "prices.max_age"],
    );
    expect(Object.keys(problemsOf(`${MINIMAL}lists: [a.csv]\nprices: p.json\n`))).toEqual([
      "lists",
      "prices",
    ]);
  });

  test("signed lists: trust that is not said, is another's, can't be reached; URLs that nobody signs", () => {
    const trust = "{keys: [a.pub], audience: production}";
    const problem = (list: string) => problemsOf(`${MINIMAL}lists: {s: ${list}}\n`);
    const unsaid = { "lists.s.trust": expect.stringMatching(/^must be said: .*as its file alone$/) };
    for (const list of [
      "{source: s.csv}",
      "{source: s.csv, trust: unsigned}",
      "{source: s.csv, trust: null}",
    ]) {
      expect(problem(list)).toEqual(unsaid);
    }
    expect(problem("{source: s.csv, trust: {sha256: x}}")).toHaveProperty(["lists.s.trust"]);
    expect(problem(`{trust: ${trust}}`)).toEqual({ "lists.s.source": "required" });
    expect(problem(`{source: s.csv, trust: ${trust}, more: 1}`)).toEqual({ "lists.s.more": "unknown key" });
    expect(problem("{source: s.csv, trust: {keys: [a.pub], threshold: 2, audience: x}}")).toEqual({
      "lists.s.trust": "threshold: 2 of 1 keys can never sign",
    });
    expect(problem(`{source: s.csv, trust: ${trust}, max_age: 30s}`)).toEqual({
      "lists.s.max_age": "not longer than lists.s.poll",
    });
    expect(problem("https://x.example/s.csv")).toEqual({
      "lists.s": expect.stringMatching(/^from a URL only what is signed/),
    });
    expect(problem(`{source: "ftp://x.example/s.csv", trust: ${trust}}`)).toHaveProperty(["lists.s.source"]);
    const fetch = "fetch: {bearer_file: t}";
    expect(problem(`{source: "http://x.example/s.csv", trust: ${trust}, ${fetch}}`)).toEqual({
      "lists.s.fetch.bearer_file": expect.stringMatching(/in the clear/),
    });
    const environment = { COUNTERSIGN_LISTS__S__TRUST: "unsigned" };
    expect(() => parseConfig(MINIMAL, "/", environment)).toThrow(ConfigError);
  });

  test("a node's name twice, and an admin token named local", () => {
    const source = `${MINIMAL.replace("policy", "  - {name: node-1, callback_public_keys: [b.key]}\npolicy")}
admin_tokens: [{name: local, sha256: ${"0a".repeat(32)}, role: read}]
`;
    expect(Object.keys(problemsOf(source))).toEqual(["nodes[1].name", "admin_tokens[0].name"]);
  });

  test.each([
    ["a key twice", "zone: UTC\nzone: UTC\n"],
    ["an alias", "reply: &a {detail: full}\ntoken: *a\n"],
    ["a merge key", "reply: {<<: {detail: code}}\n"],
    ["a tag", "zone: !secret UTC\n"],
    ["a second document", "---\nzone: UTC\n"],
    ["not YAML", "zone: [UTC\n"],
  ])("YAML with %s", (_what, more) => {
    expect(problemsOf(MINIMAL + more)).not.toEqual({});
  });

  test("YAML 1.1, an empty file, a list, a file that is not there or not UTF-8", async () => {
    expect(problemsOf(`%YAML 1.1\n---\n${MINIMAL}`)).not.toEqual({});
    expect(problemsOf("")).not.toEqual({});
    expect(problemsOf("- a\n")).not.toEqual({});
    await expect(loadConfig("/nowhere/config.yaml")).rejects.toThrow(/ENOENT/);
    const file = join(await mkdtemp(join(tmpdir(), "config-")), "c.yaml");
    await writeFile(file, Buffer.from([0x7a, 0xff, 0xfe]));
    await expect(loadConfig(file)).rejects.toThrow(/UTF-8/);
  });

  test.each([
    "COUNTERSIGN_POLICY__TRUST",
    "COUNTERSIGN_TRUST",
    "COUNTERSIGN_SIGNING_KEY",
    "COUNTERSIGN_SCOPE__VAULTS",
    "COUNTERSIGN_SCOPE",
    "COUNTERSIGN_NODES",
    "COUNTERSIGN_ADMIN_TOKENS",
    "COUNTERSIGN_LISTEN__NODES__TLS__KEY",
    "COUNTERSIGN_LISTEN__NODES__TLS__CLIENT_CA",
    "COUNTERSIGN_LISTEN__NODES__ALLOW",
    "COUNTERSIGN_LISTEN__NODEZ",
    "COUNTERSIGN_LEDGER__PATH",
    "COUNTERSIGN_ALERTS",
    "COUNTERSIGN_LISTS",
    "COUNTERSIGN_LISTS__SANCTIONS",
    "COUNTERSIGN_POLICY__CANDIDATE__X",
    "COUNTERSIGN_POLICY__GATE",
    "COUNTERSIGN_POLICY__FETCH__BEARER_FILE",
    "COUNTERSIGN_POLICY__FETCH__CA",
    "COUNTERSIGN_LIMITS__BODY__X",
    "COUNTERSIGN_PUSH__QUERY__KEY",
    "COUNTERSIGN_PUSH__QUERY__SECRET_FILE",
  ])("%s from the environment", (variable) => {
    expect(problemsOf(MINIMAL, { [variable]: "unsigned" })).toHaveProperty([variable]);
  });

  test("values of the environment like those of the file", () => {
    const problems = problemsOf(MINIMAL, {
      COUNTERSIGN_LISTEN__NODES: "11020",
      COUNTERSIGN_REPLY__QUOTED: "yes",
      COUNTERSIGN_LIMITS__IN_FLIGHT: "1e3",
      COUNTERSIGN_LIMITS__BODY: "lots",
      COUNTERSIGN_LEDGER__MIN_FREE: "little",
    });
    expect(Object.keys(problems).sort()).toEqual([
      "COUNTERSIGN_LIMITS__IN_FLIGHT",
      "COUNTERSIGN_REPLY__QUOTED",
      "ledger.min_free",
      "limits.body",
      "listen.nodes",
    ]);
  });
});

describe("taken", () => {
  test("the smallest config, with the defaults of the design", () => {
    const config = parseConfig(MINIMAL, "/etc/countersign");
    expect(config).toMatchObject({
      listen: {
        nodes: { address: { host: "127.0.0.1", port: 11020 } },
        admin: { address: { host: "127.0.0.1", port: 11021 } },
      },
      state_dir: "/etc/countersign/state",
      signing_key: "/etc/countersign/keys/server.pem",
      nodes: [{ name: "node-1", callback_public_keys: ["/etc/countersign/keys/node.key"], payload: "v2" }],
      scope: {},
      zone: "UTC",
      token: { leeway: 60_000 },
      reply: { detail: "full", quoted: false, issuer: "countersign", lifetime: 120_000 },
      push: {
        keys: [],
        window: { warn: 86_400_000, refuse: "off" },
        on_unapproved_withdrawal: "flag",
      },
      policy: { release: "/etc/countersign/bundles/default.tar.gz", trust: "unsigned", poll: 30_000 },
      admin_tokens: [],
      ledger: { retain_inputs: 365 * 86_400_000, min_free: 2 ** 30, checkpoint_every: 1_000 },
      limits: { body: 1_048_576, decision: 5_000, evaluation: 500, in_flight: 256, reissue: 900_000 },
    });
    expect(config.listen.push).toBeUndefined();
    expect(Object.isFrozen(config.limits)).toBe(true);
  });

  test("an empty scope list stays empty, an absent one absent", () => {
    const { scope } = parseConfig(`${MINIMAL}scope: {vaults: []}\n`, "/");
    expect(scope.vaults).toEqual([]);
    expect(scope.wallets).toBeUndefined();
  });

  test("lists by name and prices", () => {
    const source = `${MINIMAL}lists: {sanctions: lists/s.csv, own_2: /o.csv}\nprices: {file: p.json}\n`;
    expect(parseConfig(source, "/c", { COUNTERSIGN_PRICES__MAX_AGE: "5m" })).toMatchObject({
      lists: { sanctions: "/c/lists/s.csv", own_2: "/o.csv" },
      prices: { file: "/c/p.json", max_age: 300_000 },
    });
    expect(parseConfig(source, "/c").prices?.max_age).toBe(1_800_000);
    const signed = "{source: s.csv, trust: {keys: [k.pub], audience: production}}";
    expect(parseConfig(`${MINIMAL}lists: {s: ${signed}}\n`, "/c").lists).toEqual({
      s: {
        source: "/c/s.csv",
        trust: { keys: ["/c/k.pub"], threshold: 1, audience: "production" },
        fetch: { timeout: 30_000 },
        ...{ poll: 30_000, max_age: 86_400_000, max_lifetime: 30 * 86_400_000 },
      },
    });
    const none = parseConfig(MINIMAL, "/c");
    expect([none.lists, none.prices]).toEqual([undefined, undefined]);
  });

  test("pushes", () => {
    const source = `${MINIMAL}push: {keys: [dev], window: {warn: 1h, refuse: 2d}, on_unapproved_withdrawal: freeze}\n`;
    expect(parseConfig(source, "/c").push).toMatchObject({
      keys: ["dev"],
      window: { warn: 3_600_000, refuse: 172_800_000 },
      on_unapproved_withdrawal: "freeze",
    });
  });

  test("listeners as objects, IPv6, and trust by digest, in JSON", () => {
    const config = parseConfig(
      JSON.stringify({
        listen: {
          nodes: {
            address: "[::1]:11020",
            tls: { cert: "tls/cert.pem", key: "/k.pem", client_ca: "ca.pem" },
            allow: ["10.0.0.0/8", "::1"],
            rate: "50/s",
          },
          push: "0.0.0.0:0",
        },
        signing_key: "s.pem",
        nodes: [
          {
            name: "n",
            callback_public_keys: ["n.key"],
            payload: "v1",
            signing_key: "o.pem",
            node_id: "cobo1",
          },
        ],
        policy: { release: "rules", trust: { sha256: "0a".repeat(32) } },
      }),
      "/c",
    );
    expect(config.listen.nodes).toEqual({
      address: { host: "::1", port: 11020 },
      tls: { cert: "/c/tls/cert.pem", key: "/k.pem", client_ca: "/c/ca.pem" },
      allow: [
        { address: "10.0.0.0", prefix: 8, family: "ipv4" },
        { address: "::1", prefix: 128, family: "ipv6" },
      ],
      rate: 50,
    });
    expect(config.policy).toMatchObject({ release: "/c/rules", trust: { sha256: "0a".repeat(32) } });
    expect(config.nodes[0]).toMatchObject({ payload: "v1", signing_key: "/c/o.pem" });
  });

  test("trust by keys, with what it needs for it", () => {
    const trust = "{keys: [keys/a.pem, /b.jwk], audience: production}";
    const { policy } = parseConfig(MINIMAL.replace("unsigned", trust), "/c");
    expect(policy.trust).toEqual({ keys: ["/c/keys/a.pem", "/b.jwk"], threshold: 1, audience: "production" });
    expect([policy.max_age, policy.max_lifetime]).toEqual([86_400_000, 90 * 86_400_000]);
    const two = MINIMAL.replace(
      "unsigned",
      trust.replace("}", ", threshold: 2}, max_age: 2h, max_lifetime: 7d"),
    );
    expect(parseConfig(two, "/c").policy).toMatchObject({
      trust: { threshold: 2 },
      max_age: 7_200_000,
      max_lifetime: 7 * 86_400_000,
    });
  });

  test.each([
    ["https://example.com/r.tar.gz?version=3", "unsigned"],
    ["HTTPS://Example.com/r.tar.gz", "unsigned"],
    ["http://127.0.0.1:8080/r.tar.gz", "unsigned"],
    ["http://[::1]/r.tar.gz", "unsigned"],
    ["http://localhost/r.tar.gz", "unsigned"],
    ["http://example.com/r.tar.gz", `{sha256: ${"a".repeat(64)}}`],
    ["http://example.com/r.tar.gz", "{keys: [a.pub], audience: production}"],
  ])("a release's URL: %s, trust %s", (url, trust) => {
    const source = MINIMAL.replace("{ trust: unsigned }", `{ trust: ${trust}, release: "${url}" }`);
    const { policy } = parseConfig(source, "/etc/countersign");
    expect(policy.release).toBe(new URL(url).href);
    expect(policy.fetch).toEqual({ timeout: 30_000 });
    const environment = { COUNTERSIGN_POLICY__RELEASE: url };
    const plain = MINIMAL.replace("unsigned", trust);
    expect(parseConfig(plain, "/etc/countersign", environment).policy.release).toBe(policy.release);
  });

  test("how a release's URL is fetched", () => {
    const fetch = "{bearer_file: t.txt, ca: /ca.pem, timeout: 5s}";
    const source = MINIMAL.replace("trust: unsigned", `trust: unsigned, fetch: ${fetch}`);
    expect(parseConfig(source, "/etc/countersign").policy.fetch).toEqual({
      bearer_file: "/etc/countersign/t.txt",
      ca: "/ca.pem",
      timeout: 5_000,
    });
  });

  test("scalars of the environment over the file's", () => {
    const source = `${MINIMAL}listen: {nodes: {address: "127.0.0.1:1", rate: 5/s}}\n`;
    const config = parseConfig(source, "/c", {
      COUNTERSIGN_LISTEN__NODES: "0.0.0.0:2",
      COUNTERSIGN_LISTEN__NODES__RATE: "9/s",
      COUNTERSIGN_LISTEN__ADMIN: "127.0.0.1:3",
      COUNTERSIGN_STATE_DIR: "/var/lib/countersign",
      COUNTERSIGN_REPLY__QUOTED: "true",
      COUNTERSIGN_LIMITS__IN_FLIGHT: "8",
      COUNTERSIGN_LIMITS__REISSUE: "0s",
      COUNTERSIGN_LEDGER__MIN_FREE: "2GiB",
      COUNTERSIGN_TOKEN__LEEWAY: "5s",
      COUNTERSIGN_LOG_LEVEL: "debug",
      COUNTERSIGN_PORT_11020_TCP_ADDR: "10.0.0.1",
    });
    expect(config).toMatchObject({
      listen: {
        nodes: { address: { host: "0.0.0.0", port: 2 }, rate: 9 },
        admin: { address: { port: 3 } },
      },
      state_dir: "/var/lib/countersign",
      reply: { quoted: true },
      limits: { in_flight: 8, reissue: 0 },
      ledger: { min_free: 2 ** 31 },
      token: { leeway: 5_000 },
    });
  });

  test("variables of others are named, not taken", () => {
    const keys = describeKeys(configSchema("/"));
    const environment = {
      COUNTERSIGN_STATE_DR: "x",
      COUNTERSIGN_LOG_LEVEL: "info",
      COUNTERSIGN_ZONE: "UTC",
      HOME: "/",
    };
    expect(unknownVariables(environment, keys)).toEqual(["COUNTERSIGN_STATE_DR"]);
  });
});

test("asking Cobo: hosts with and without a port, and the secret beside the config", () => {
  const at = (base_url: string) =>
    parseConfig(`${MINIMAL}push: {keys: [dev], query: ${JSON.stringify({ ...QUERY, base_url })}}`, "/c").push
      .query;
  expect(at("https://api.dev.cobo.com/")).toEqual({
    ...QUERY,
    base_url: "https://api.dev.cobo.com",
    secret_file: "/c/keys/waas1.key",
  });
  for (const local of ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"]) {
    expect(at(local)?.base_url).toBe(local);
  }
});

test("what is left of a refused config can still be looked at, whatever required is missing", () => {
  const refused = (source: string): ConfigError => {
    try {
      parseConfig(source, "/c");
    } catch (error) {
      if (error instanceof ConfigError) return error;
    }
    throw new Error("it was not refused");
  };
  const source = `${MINIMAL}lists: {A: a.csv, b: {poll: 5m}}\nprices: {max_age: 1s}\ncolour: red\nalerts: []\nzone: Mars\nscope: {vaults: [1, a, 2]}\n`;
  const config = salvageConfig(source, "/c", refused(source));
  expect(config).toMatchObject({ signing_key: "/c/keys/server.pem", zone: "UTC", scope: { vaults: ["a"] } });
  expect(salvageConfig("zone: UTC\n", "/c", refused("zone: UTC\n"))).toMatchObject({
    zone: "UTC",
    nodes: [{ callback_public_keys: ["/c/refused"] }],
    signing_key: "/c/refused",
  });
  for (const text of ["[]", "zone: [", "listen: *a"]) {
    expect(salvageConfig(text, "/c", refused(text))).toBeUndefined();
  }
});

test("durations and sizes are whole numbers of one unit, whatever the number", () => {
  fc.assert(
    fc.property(fc.nat(999_999), (n) => {
      expect([parseDuration(`${n}ms`), parseDuration(`${n}s`), parseDuration(`${n}d`)]).toEqual([
        n,
        n * 1_000,
        n * 86_400_000,
      ]);
      expect([parseSize(`${n}B`), parseSize(`${n}MiB`)]).toEqual([n, n * 1_048_576]);
      for (const text of [`${n}`, `0${n}s`, `-${n}s`, `${n}.5s`, `${n} s`, `${n}S`]) {
        expect(parseDuration(text)).toBeUndefined();
      }
    }),
  );
});

test("every key is documented, and docs/configuration.md carries the table", async () => {
  const schema = configSchema("/");
  const silent = describeKeys(schema).filter(
    ({ description, type }) => description === "" && type !== "object",
  );
  expect(silent).toEqual([]);
  const page = await readFile(new URL("../docs/configuration.md", import.meta.url), "utf8");
  expect(page).toContain(configReference(schema));
});

test("the samples of docs/configuration.md are good ones", async () => {
  const page = await readFile(new URL("../docs/configuration.md", import.meta.url), "utf8");
  const [whole, listener, push, lists] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(
    ([, sample]) => sample ?? "",
  );
  expect(parseConfig(whole ?? "", "/").scope.vaults).toHaveLength(1);
  expect(parseConfig(`${listener}${MINIMAL}`, "/").listen.nodes.rate).toBe(50);
  expect(parseConfig(`${push}${MINIMAL}`, "/").push.keys).toEqual(["prod"]);
  expect(parseConfig(`${lists}${MINIMAL}`, "/").lists).toMatchObject({ sanctions: { poll: 30_000 } });
});
