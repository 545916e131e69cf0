/** The running server as an operator sees it: releases come and go, signals, several nodes, TLS. */
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { type CallbackResult, postCallback } from "../src/cli/node-client.ts";
import { demoRequest, form, readReply, renamed, requestToken } from "./support/caller.ts";
import { createAuthority } from "./support/certificates.ts";
import { withoutEnd } from "./support/endless-rego.ts";
import { FEW_RULES, FEW_RULES_SOURCE } from "./support/few-rules.ts";
import { Installation, type RunningProcess } from "./support/installation.ts";
import { type KeyPair, keyPair } from "./support/key-pairs.ts";

const DEMO = FEW_RULES.demo;
const WAIT_LIMIT_MS = 20_000;

const installations: Installation[] = [];
afterEach(async () => {
  await Promise.all(installations.splice(0).map((installation) => installation.remove()));
});

function install(overrides: Record<string, unknown> = {}): Installation {
  const policy = { release: FEW_RULES.open, trust: "unsigned" };
  const installation = new Installation({ policy, ...overrides });
  installations.push(installation);
  return installation;
}

let asked = 0;

/** One of the demo's requests, under an id of its own each time: what was asked before has its answer. */
function request(name: string): string {
  asked += 1;
  return renamed(demoRequest(name), asked);
}

/** One of the examples of the wire dossier. */
function example(name: string): string {
  return readFileSync(join("test/fixtures/callbacks", `${name}.json`), "utf8");
}

function ask(
  server: RunningProcess,
  { node, server: own }: { node: KeyPair; server: KeyPair },
  text: string,
): Promise<CallbackResult> {
  return postCallback({
    url: `http://${server.addresses.nodes}/v2/check`,
    request: text,
    key: node.privateKey,
    serverKey: own.publicKey,
    retryTimes: 0,
  });
}

interface Admin {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function admin(
  server: RunningProcess,
  installation: Installation,
  path: string,
  method = "GET",
): Promise<Admin> {
  const token = readFileSync(join(installation.folder, "state/admin.token"), "utf8").trim();
  const response = await fetch(`http://${server.addresses.admin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const from = Date.now();
  while (!(await holds())) {
    if (Date.now() - from > WAIT_LIMIT_MS) throw new Error(`not in time: ${what}`);
    await sleep(50);
  }
}

/** A source folder of one's own. */
function sourceIn(installation: Installation): string {
  const folder = join(installation.folder, "policies");
  cpSync(FEW_RULES_SOURCE, folder, { recursive: true });
  return folder;
}

function writeRule(source: string, name: string, body: string): void {
  const folder = join(source, "rules/transfer", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "rule.rego"),
    `# METADATA
# title: ${name}
# description: Of this test.
# custom:
#   severity: critical
#   kinds: [transaction_signing]
#   requires: {TEST_RULE: deny}
package rules.transfer.${name}

${body}
`,
  );
}

describe("a release file", () => {
  test("that is missing at the start refuses all but pings, and serves when it comes", async () => {
    const installation = install({
      policy: { release: "./release.tar.gz", trust: "unsigned", poll: "200ms" },
    });
    const server = await installation.start();
    const listed = request("listed-transfer");
    const absent = await ask(server, installation, listed);
    expect(absent.action).toBe("REJECT");
    expect(absent.reply).toMatchObject({ status: 30, action: "REJECT" });
    expect(absent.reply?.error).toMatch(/^POLICY_ABSENT: /);
    expect(absent.reply?.request_id).toBe(JSON.parse(listed).request_id);
    expect((await ask(server, installation, request("ping"))).action).toBe("APPROVE");
    expect((await admin(server, installation, "/readyz")).status).toBe(503);

    installation.write("release.tar.gz", readFileSync(DEMO));
    await until("ready", async () => (await admin(server, installation, "/readyz")).status === 200);
    // A failure of the server's was no answer: the node's next try is judged.
    expect((await ask(server, installation, listed)).action).toBe("APPROVE");
    expect((await ask(server, installation, request("listed-transfer"))).action).toBe("APPROVE");
  });

  test("that is broken never replaces a live one, and says why", async () => {
    const installation = install({ policy: { release: "./release.tar.gz", trust: "unsigned", poll: "1h" } });
    installation.write("release.tar.gz", readFileSync(DEMO));
    const server = await installation.start();
    const before = (await admin(server, installation, "/v1/status")).body["release"];

    installation.write("release.tar.gz", readFileSync(DEMO).subarray(0, 20_000));
    const { body } = await admin(server, installation, "/v1/reload", "POST");
    expect(body).toMatchObject({ changed: false, live: { revision: expect.any(String) } });
    expect(body["error"]).toMatch(/^archive: /);
    const after = (await admin(server, installation, "/v1/status")).body;
    expect(after["release"]).toEqual(before);
    expect(after["last_release_error"]).toMatchObject({ step: "archive" });
    expect(after["alarms"]).toMatchObject([{ code: "RELEASE_REFUSED" }]);
    expect((await ask(server, installation, request("listed-transfer"))).action).toBe("APPROVE");

    installation.write("release.tar.gz", readFileSync(FEW_RULES.refusing));
    expect((await admin(server, installation, "/v1/reload", "POST")).body).toMatchObject({ changed: true });
    const refused = await ask(server, installation, request("listed-transfer"));
    expect(refused.reply?.error).toMatch(/^DESTINATION_ALLOWLIST: data.allowlist is empty/);
  });

  test("of another digest than the trusted one does not go live", async () => {
    const installation = install({ policy: { release: DEMO, trust: { sha256: "0".repeat(64) } } });
    const server = await installation.start();
    expect((await ask(server, installation, request("listed-transfer"))).reply?.error).toMatch(
      /^POLICY_ABSENT/,
    );
    const status = (await admin(server, installation, "/v1/status")).body;
    expect(status["last_release_error"]).toMatchObject({ step: "digest" });
  });

  test("is read again on SIGHUP", async () => {
    const installation = install({ policy: { release: "./release.tar.gz", trust: "unsigned", poll: "1h" } });
    const server = await installation.start();
    installation.write("release.tar.gz", readFileSync(DEMO));
    server.child.kill("SIGHUP");
    await until("live", async () => (await admin(server, installation, "/readyz")).status === 200);
    expect((await ask(server, installation, request("listed-transfer"))).action).toBe("APPROVE");
  });
});

describe("a folder of Rego", () => {
  test("is built on every save; what does not build changes nothing", { timeout: 90_000 }, async () => {
    const installation = install({ policy: { release: "./policies", trust: "unsigned", poll: "200ms" } });
    const source = sourceIn(installation);
    const server = await installation.start();
    expect((await ask(server, installation, request("listed-transfer"))).action).toBe("APPROVE");

    writeRule(source, "stop", 'require["TEST_RULE"] if input.transaction.id == "none"');
    await until("the new rule refuses", async () => {
      const { reply } = await ask(server, installation, request("listed-transfer"));
      return reply?.error.startsWith("TEST_RULE") === true;
    });
    writeRule(source, "stop", 'require["TEST_RULE"] if input.transaction.idd == "none"');
    await until("the failure is told", async () => {
      const { body } = await admin(server, installation, "/v1/status");
      return JSON.stringify(body["last_release_error"] ?? "").includes("idd");
    });
    expect((await ask(server, installation, request("listed-transfer"))).reply?.error).toMatch(/^TEST_RULE/);

    rmSync(join(source, "rules/transfer/stop"), { recursive: true });
    await until("approved again", async () => {
      return (await ask(server, installation, request("listed-transfer"))).action === "APPROVE";
    });
  });

  test("with a rule that loops answers in time, and serves the next", { timeout: 60_000 }, async () => {
    const installation = install({
      policy: { release: "./policies", trust: "unsigned" },
      limits: { evaluation: "200ms" },
    });
    writeRule(
      sourceIn(installation),
      "loops",
      `require["TEST_RULE"] if {
	input.transaction.description == "loop"
	${withoutEnd("input.now.ms")}
}`,
    );
    const server = await installation.start();
    const listed = JSON.parse(request("listed-transfer"));
    const extra = JSON.parse(listed.extra_info);
    extra.transaction.description = "loop";
    const looping = { ...listed, request_id: "loop-1", extra_info: JSON.stringify(extra) };
    const [late, ...others] = await Promise.all([
      ask(server, installation, JSON.stringify(looping)),
      ...Array.from({ length: 8 }, () => ask(server, installation, request("unlisted-transfer"))),
    ]);
    expect(late.reply).toMatchObject({ status: 30, action: "REJECT", request_id: "loop-1" });
    expect(late.reply?.error).toMatch(/^POLICY_TIMEOUT/);
    for (const other of others) expect(other.reply?.status).toBe(0);
    const next = await ask(server, installation, request("unlisted-transfer"));
    expect(next.reply).toMatchObject({ status: 0, action: "REJECT" });
  });
});

describe("nodes", () => {
  test("have keys, ids, payloads and signing keys of their own", async () => {
    const installation = install();
    const [second, old, own] = [keyPair(), keyPair(), keyPair()];
    installation.write("second.pub", second.publicPem);
    installation.write("old.pub", old.publicPem);
    installation.write("own.pem", own.privatePem);
    installation.config["nodes"] = [
      {
        name: "node-1",
        callback_public_keys: ["./old.pub", "./node.pub"],
        node_id: "coboBTGDvjJG99pABegvPYmavrcTU3SkjTLHVdsko8dWBga4w",
      },
      {
        name: "node-2",
        callback_public_keys: ["./second.pub"],
        payload: "v1",
        signing_key: "./own.pem",
      },
    ];
    const server = await installation.start();
    const rotating = { node: old, server: installation.server };
    expect((await ask(server, installation, request("listed-transfer"))).action).toBe("APPROVE");
    expect((await ask(server, rotating, request("listed-transfer"))).action).toBe("APPROVE");

    const text = example("v1-keygen-secp256k1");
    const v1 = { node: second, server: own };
    expect((await ask(server, v1, text)).action).toBe("APPROVE");
    // Signed by the node's own key and by no other.
    const byDefaultKey = await ask(server, { node: second, server: installation.server }, text);
    expect(byDefaultKey.reply).toBeUndefined();
    expect((await ask(server, v1, request("listed-transfer"))).reply?.error).toMatch(/^PAYLOAD_VERSION/);
    expect((await ask(server, installation, text)).reply?.error).toMatch(/^PAYLOAD_VERSION/);
  });

  test("that are not among the participants get no approval", async () => {
    const installation = install();
    installation.config["nodes"] = [
      { name: "node-1", callback_public_keys: ["./node.pub"], node_id: "coboNobody" },
    ];
    const server = await installation.start();
    const { reply } = await ask(server, installation, request("listed-transfer"));
    expect(reply).toMatchObject({ status: 0, action: "REJECT" });
    expect(reply?.error).toMatch(/^NOT_A_PARTICIPANT/);
  });

  test("outside the scope get no approval", async () => {
    const installation = install({ scope: { organizations: ["another"] } });
    const server = await installation.start();
    expect((await ask(server, installation, request("listed-transfer"))).reply?.error).toMatch(
      /^OUT_OF_SCOPE/,
    );
  });
});

test("a reload says which listener kept its certificate", async () => {
  const installation = install();
  const { cert, key } = createAuthority().issue("server");
  installation.config["listen"] = {
    nodes: { address: "127.0.0.1:0", tls: { cert, key } },
    admin: "127.0.0.1:0",
  };
  const server = await installation.start();
  writeFileSync(cert, "half a certif");
  const { status, body } = await admin(server, installation, "/v1/reload", "POST");
  expect({ status, ...body }).toMatchObject({
    status: 200,
    changed: false,
    live: { revision: expect.any(String) },
    error: `tls: ${server.addresses.nodes} keeps its certificate: the new files cannot be read`,
  });
});

test("over TLS with client certificates: a stranger gets no connection, a node its answer", async () => {
  const installation = install();
  const authority = createAuthority();
  const served = authority.issue("server");
  const client = authority.issue("client");
  installation.config["listen"] = {
    nodes: {
      address: "127.0.0.1:0",
      tls: { cert: served.cert, key: served.key, client_ca: authority.ca },
      allow: ["127.0.0.0/8"],
      rate: "100/s",
    },
    admin: "127.0.0.1:0",
  };
  const server = await installation.start();
  const call = {
    url: `https://${server.addresses.nodes}/v2/check`,
    request: request("listed-transfer"),
    key: installation.node.privateKey,
    serverKey: installation.server.publicKey,
    retryTimes: 0,
  };
  const ca = readFileSync(authority.ca, "utf8");
  const stranger = await postCallback({ ...call, tls: { ca } });
  expect(stranger).toMatchObject({ action: "REJECT" });
  expect(stranger.reply).toBeUndefined();
  const tls = { ca, cert: readFileSync(client.cert, "utf8"), key: readFileSync(client.key, "utf8") };
  expect((await postCallback({ ...call, tls })).action).toBe("APPROVE");
});

test("SIGTERM ends it with 0 after what is in flight was answered", async () => {
  const installation = install();
  const server = await installation.start();
  const bodies = Array.from({ length: 10 }, () =>
    form(requestToken(request("listed-transfer"), installation.node.privateKey)),
  );
  const head = [
    "POST /v2/check HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/x-www-form-urlencoded",
  ];
  const [host = "", port = ""] = server.addresses.nodes.split(":");
  // Ten requests of which the server has seen one half each when the signal comes.
  const halves = bodies.map((body) => {
    const socket = connect({ host, port: Number(port) });
    const length = `Content-Length: ${body.length}`;
    socket.write(`${[...head, length].join("\r\n")}\r\n\r\n${body.slice(0, 100)}`);
    return { socket, rest: body.slice(100) };
  });
  const answers = halves.map(async ({ socket }) => {
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    return text.split("\r\n\r\n")[1] ?? "";
  });
  await Promise.all(halves.map(({ socket }) => socket.connecting && once(socket, "connect")));
  await sleep(300);
  const code = server.stop();
  await until("nobody else is let in", async () => {
    const late = connect({ host, port: Number(port) });
    const refused = await new Promise<boolean>((resolve) => {
      late.once("connect", () => resolve(false)).once("error", () => resolve(true));
    });
    late.destroy();
    return refused;
  });
  for (const { socket, rest } of halves) socket.write(rest);
  for (const answer of await Promise.all(answers)) {
    expect(readReply(answer, installation.server.publicKey)).toMatchObject({ action: "APPROVE" });
  }
  expect(await code).toBe(0);
});

test("the log has one line a decision and nothing secret", async () => {
  const installation = install();
  const server = await installation.start();
  await ask(server, installation, request("listed-transfer"));
  await ask(server, installation, request("unlisted-transfer"));
  await server.stop();
  const decisions = server.log.filter(({ msg }) => msg === "decision");
  expect(decisions).toMatchObject([
    { outcome: "approved", action: "APPROVE", kind: "transaction_signing", source: "node-1" },
    {
      outcome: "denied",
      action: "REJECT",
      code: "DESTINATION_ALLOWLIST",
      rule: "transfer/destination_allowlist",
    },
  ]);
  const text = JSON.stringify(server.log);
  const token = readFileSync(join(installation.folder, "state/admin.token"), "utf8").trim();
  for (const secret of [token, "PRIVATE", "eyJ", "0x0f76f604fd7762bd94b48ca2523f69ab9665c97f"]) {
    expect(text).not.toContain(secret);
  }
});

test("the metrics have the names of the docs, and say what happened", async () => {
  const installation = install();
  const server = await installation.start();
  const before = Date.now() / 1_000;
  await ask(server, installation, request("ping"));
  const listed = request("listed-transfer");
  await ask(server, installation, listed);
  await ask(server, installation, listed);
  await ask(server, installation, request("listed-transfer"));
  await ask(server, installation, request("unlisted-transfer"));
  await ask(server, installation, request("key-generation-listed"));
  await ask(server, installation, request("other-transaction-shown"));
  await ask(server, { node: keyPair(), server: installation.server }, request("listed-transfer"));
  await fetch(`http://${server.addresses.nodes}/v2/check`, { method: "POST", body: "{}" });
  const response = await fetch(`http://${server.addresses.admin}/metrics`);
  const lines = (await response.text()).split("\n");

  const page = readFileSync("docs/operations.md", "utf8");
  const documented = [...page.matchAll(/^\| `(countersign_[a-z_]+)` \|/gm)].map(([, name]) => name);
  const served = lines.filter((line) => line.startsWith("# TYPE ")).map((line) => line.split(" ")[2]);
  expect(documented.length).toBeGreaterThan(0);
  expect(served.toSorted()).toEqual(documented.toSorted());

  const value = (series: string): number =>
    Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length));
  const decisions = (outcome: string, kind: string, code: string): number =>
    value(`countersign_decisions_total{outcome="${outcome}",kind="${kind}",code="${code}"}`);
  expect(decisions("approved", "transaction_signing", "")).toBe(2);
  expect(decisions("denied", "transaction_signing", "DESTINATION_ALLOWLIST")).toBe(1);
  expect(decisions("approved", "key_generation", "")).toBe(1);
  expect(value('countersign_answers_repeated_total{outcome="approved"}')).toBe(1);
  for (const [phase, count] of Object.entries({ normalize: 4, evaluate: 4, explain: 1, total: 4 })) {
    expect(value(`countersign_phase_seconds_count{phase="${phase}"}`), phase).toBe(count);
  }
  for (const phase of ["verify", "sign", "evaluate", "total"]) {
    expect(value(`countersign_phase_seconds_sum{phase="${phase}"}`), phase).toBeGreaterThan(0);
  }
  expect(value('countersign_last_ping_timestamp_seconds{node="node-1"}')).toBeGreaterThan(before);
  expect(value("countersign_release_age_seconds")).toBeGreaterThan(0);
  expect(value('countersign_tokens_refused_total{code="TOKEN_SIGNATURE"}')).toBe(1);
  expect(value('countersign_requests_unusable_total{code="REQUEST_TASK_MISMATCH"}')).toBe(1);
  expect(value('countersign_http_rejected_total{listener="nodes",status="415"}')).toBe(1);
  expect(value("countersign_in_flight_requests")).toBe(0);
  expect(value("countersign_process_resident_memory_bytes")).toBeGreaterThan(0);
});
