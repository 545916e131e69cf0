/** What the answers say besides the decision: pings, no release, overload, and the forms that `reply` gives them. */
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Answer,
  Caller,
  claimsOf,
  demoRequest,
  expectApproval,
  expectRefusal,
  form,
  fresh,
  readReply,
  requestToken,
  tokenOf,
} from "../support/caller.ts";
import { FEW_RULES } from "../support/few-rules.ts";
import { Installation, type RunningProcess } from "../support/installation.ts";

const LISTED = demoRequest("listed-transfer");
const LISTED_ID: string = JSON.parse(LISTED).request_id;
const UNLISTED = demoRequest("unlisted-transfer");

const opened: { close(): unknown }[] = [];

afterAll(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

interface Site {
  readonly installation: Installation;
  readonly running: RunningProcess;
  readonly caller: Caller;
  ask(request: string): Promise<Answer>;
}

const sites = new Map<string, Promise<Site>>();

/** The server of a config: the tests of one config share it, in their order. */
function start(overrides: Record<string, unknown> = {}): Promise<Site> {
  const config = JSON.stringify(overrides);
  const site = sites.get(config) ?? startNew(overrides);
  sites.set(config, site);
  return site;
}

async function startNew(overrides: Record<string, unknown>): Promise<Site> {
  const policy = { release: FEW_RULES.open, trust: "unsigned" };
  const installation = new Installation({ policy, ...overrides });
  opened.push({ close: () => installation.remove() });
  const running = await installation.start();
  const caller = new Caller(running.addresses.nodes, 64);
  opened.push(caller);
  const ask = (request: string) => caller.sendToken(requestToken(request, installation.node.privateKey));
  return { installation, running, caller, ask };
}

/** Every spelling of nothing, in each member. */
const EMPTY: readonly unknown[] = [undefined, null, "", "{}", {}];

const PINGS_WITHOUT_ID = [
  "{}",
  demoRequest("ping"),
  ...EMPTY.flatMap((empty) =>
    [0, null, undefined].map((request_type) =>
      JSON.stringify({ request_type, request_detail: empty, extra_info: empty }),
    ),
  ),
  ...[null, "", {}].map((request_id) => JSON.stringify({ request_id, request_type: 0 })),
  '{"request_type":0,"unknown":[1.5]}',
];

const PINGS_WITH_ID = EMPTY.flatMap((empty) =>
  [0, null, undefined].map((request_type) =>
    JSON.stringify({ request_id: LISTED_ID, request_type, request_detail: empty, extra_info: empty }),
  ),
);

async function expectPings({ ask, installation }: Site): Promise<void> {
  for (const ping of PINGS_WITHOUT_ID) expectApproval(await ask(ping), installation.server.publicKey, "");
  for (const ping of PINGS_WITH_ID) {
    const reply = readReply((await ask(ping)).body, installation.server.publicKey);
    expect(reply, ping).toEqual({ status: 0, request_id: LISTED_ID, error: "" });
  }
}

describe("pings", () => {
  test("in all spellings are approved without an id; with one there is no action, and no decision", async () => {
    const site = await start();
    await expectPings(site);
    expect(site.running.log.filter(({ msg }) => msg === "decision")).toEqual([]);
  });

  test("are answered when no release is live, and everything else is POLICY_ABSENT", async () => {
    const site = await start({ policy: { release: "./release.tar.gz", trust: "unsigned" } });
    const key = site.installation.server.publicKey;
    for (const name of [
      "listed-transfer",
      "unlisted-transfer",
      "key-generation-listed",
      "message-signing-safe",
    ]) {
      const request = demoRequest(name);
      const id: string = JSON.parse(request).request_id;
      expectRefusal(await site.ask(request), key, { status: 30, code: "POLICY_ABSENT", id });
    }
    await expectPings(site);
    const bad = demoRequest("other-transaction-shown");
    const id: string = JSON.parse(bad).request_id;
    expectRefusal(await site.ask(bad), key, { status: 10, code: "REQUEST_TASK_MISMATCH", id });
    const ready = await fetch(`http://${site.running.addresses.admin}/readyz`);
    expect(ready.status).toBe(503);
  });

  test("a corrupt release is as good as none", async () => {
    const site = await start({ policy: { release: "./release.tar.gz", trust: "unsigned" } });
    const refusal = { status: 30, code: "POLICY_ABSENT", id: LISTED_ID } as const;
    expectRefusal(await site.ask(LISTED), site.installation.server.publicKey, refusal);
    site.installation.write("release.tar.gz", "not a release");
    const token = await readToken(site);
    const reloaded = await reload(site, token);
    expect(reloaded).toMatchObject({ live: null, changed: false, error: expect.stringContaining("archive") });
    expectRefusal(await site.ask(LISTED), site.installation.server.publicKey, refusal);
  });
});

async function readToken({ installation }: Site): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return (await readFile(join(installation.folder, "state/admin.token"), "utf8")).trim();
}

async function reload({ running }: Site, token: string): Promise<unknown> {
  const url = `http://${running.addresses.admin}/v1/reload`;
  return (await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}` } })).json();
}

describe("more than in_flight", () => {
  test("is not reached by bodies that stall: nobody's place is taken before the request is there", async () => {
    const { caller, installation, running } = await start({ limits: { in_flight: 1 } });
    const good = form(requestToken(LISTED, installation.node.privateKey));
    const [host = "", port = ""] = running.addresses.nodes.split(":");
    const head = `POST /v2/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${good.length}\r\n\r\n`;
    const stalled = Array.from({ length: 20 }, () => connect({ host, port: Number(port) }));
    for (const socket of stalled) socket.write(head + good.slice(0, 50));
    await sleep(200);
    for (let round = 0; round < 5; round += 1) {
      const { text, id } = fresh(LISTED);
      const answer = await caller.sendToken(requestToken(text, installation.node.privateKey));
      expectApproval(answer, installation.server.publicKey, id);
    }
    for (const socket of stalled) socket.destroy();
  });

  test("is 503 without a body: of a burst each request gets 200 or that, and nothing else", async () => {
    const { caller, installation } = await start({ limits: { in_flight: 1 } });
    const { publicKey } = installation.server;
    const burst = Array.from({ length: 200 }, () => {
      const { text, id } = fresh(LISTED);
      return { id, body: form(requestToken(text, installation.node.privateKey)) };
    });
    const answers = await Promise.all(
      burst.map(async ({ id, body }) => ({ id, answer: await caller.send(body) })),
    );
    const decided = answers.filter(({ answer }) => answer.status === 200);
    const turnedAway = answers.filter(({ answer }) => answer.status === 503);
    expect(decided.length + turnedAway.length).toBe(200);
    expect(decided.length).toBeGreaterThan(0);
    expect(turnedAway.length).toBeGreaterThan(0);
    for (const { id, answer } of decided) expectApproval(answer, publicKey, id);
    for (const { answer } of turnedAway) expect(answer.body).toBe("");
    // What was turned away was not judged: asked again, as a node does, it gets its answer.
    const [again] = turnedAway.map(({ id }) => burst.find((each) => each.id === id));
    if (again === undefined) throw new Error("nothing was turned away");
    expectApproval(await caller.send(again.body), publicKey, again.id);
  });
});

describe("refused tokens", () => {
  test("get the same bytes for a minute, one signature for each code", async () => {
    const { caller, installation } = await start();
    const expired = (exp: number) => tokenOf(claimsOf(LISTED, { exp }), installation.node.privateKey);
    const makes: Readonly<Record<string, (round: number) => string>> = {
      TOKEN_EXPIRED: expired,
      TOKEN_MISSING: () => "",
      TOKEN_MALFORMED: (round) => `a.b.c.${round}`,
      TOKEN_SIGNATURE: (round) =>
        `${requestToken(LISTED, installation.node.privateKey).slice(0, -8)}AAAAAA${round}A`,
    };
    for (const [code, make] of Object.entries(makes)) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, round) => caller.sendToken(make(round))),
      );
      expect(new Set(answers.map(({ body }) => body)).size, code).toBe(1);
      for (const answer of answers) {
        expectRefusal(answer, installation.server.publicKey, { status: 20, code, id: "" });
      }
    }
  });
});

/** Requests of every status with a reason, and the start of the full text. */
const REASONS: readonly (readonly [request: string, status: number, code: string])[] = [
  [UNLISTED, 0, "DESTINATION_ALLOWLIST"],
  [demoRequest("other-transaction-shown"), 10, "REQUEST_TASK_MISMATCH"],
];

describe("reply", () => {
  test("detail: code leaves the message out, and the id in", async () => {
    const { ask, caller, installation } = await start({ reply: { detail: "code" } });
    const key = installation.server.publicKey;
    for (const [request, status, code] of REASONS) {
      const { error, ...reply } = readReply((await ask(request)).body, key);
      expect(error).toMatch(new RegExp(`^${code} \\[d_[0-9A-Z]{26}\\]$`));
      expect(reply).toEqual({ status, action: "REJECT", request_id: JSON.parse(request).request_id });
    }
    expect(readReply((await caller.sendToken("a")).body, key).error).toBe("TOKEN_MALFORMED");
    expectApproval(await ask(LISTED), key, LISTED_ID);
  });

  test("detail: none leaves everything out", async () => {
    const { ask, caller, installation } = await start({ reply: { detail: "none" } });
    const key = installation.server.publicKey;
    for (const [request, status] of REASONS) {
      const reply = readReply((await ask(request)).body, key);
      expect(reply).toEqual({
        status,
        action: "REJECT",
        error: "",
        request_id: JSON.parse(request).request_id,
      });
    }
    const refused = readReply((await caller.sendToken("a")).body, key);
    expect(refused).toEqual({ status: 20, action: "REJECT", error: "", request_id: "" });
    expectApproval(await ask(LISTED), key, LISTED_ID);
  });

  test("lifetime: of answers to requests; one to a refused token serves for a minute however short it is", async () => {
    const { ask, caller } = await start({ reply: { lifetime: "2s" } });
    const secondsLeft = ({ body }: Answer): number =>
      JSON.parse(Buffer.from(body.split(".")[1] ?? "", "base64url").toString()).exp - Date.now() / 1000;
    expect(secondsLeft(await ask(LISTED))).toBeLessThanOrEqual(2);
    const first = await caller.sendToken("a");
    expect(secondsLeft(first)).toBeGreaterThan(110);
    await sleep(1_500);
    expect((await caller.sendToken("a")).body).toBe(first.body);
  });

  test("quoted: the token in quotes, as JSON, whatever the answer", async () => {
    const { ask, caller, installation } = await start({ reply: { quoted: true } });
    const answers = [await ask(LISTED), await ask(UNLISTED), await ask("{}"), await caller.sendToken("a")];
    for (const { body, headers } of answers) {
      expect(body).toMatch(/^"[\w-]+\.[\w-]+\.[\w-]+"$/);
      expect(headers["content-type"]).toBe("application/json");
      readReply(body.slice(1, -1), installation.server.publicKey);
    }
  });

  test("error is at most 256 bytes and keeps its id, however long the reason is", async () => {
    const { ask, installation } = await start();
    for (const letter of ["x", "é", "€", "😀", "\\u0001"]) {
      const { text, id } = fresh(LISTED);
      const request = JSON.parse(text);
      const address = letter.repeat(letter.length > 2 ? 50_000 : 100_000);
      const extra_info = request.extra_info.replace("0x0f76f604fd7762bd94b48ca2523f69ab9665c97f", address);
      const answer = await ask(JSON.stringify({ ...request, extra_info }));
      const { publicKey } = installation.server;
      expectRefusal(answer, publicKey, { status: 0, code: "EVIDENCE_MISMATCH", id });
      expect(Buffer.byteLength(readReply(answer.body, publicKey).error)).toBeGreaterThan(240);
    }
    expect((await start()).running.log.filter(({ msg }) => msg === "alarm")).toEqual([]);
  });
});
