import { sign } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { keyPair } from "../../test/support/key-pairs.ts";
import { type CallbackOptions, postCallback, signToken } from "./node-client.ts";

const node = keyPair();
const server = keyPair();
const stranger = keyPair();
const REQUEST = JSON.stringify({ request_id: "r-1", request_type: 2 });
const APPROVE = { status: 0, request_id: "r-1", action: "APPROVE", error: "" };
const open: http.Server[] = [];

afterEach(() => {
  for (const listening of open.splice(0)) {
    listening.closeAllConnections();
    listening.close();
  }
});

/** A token made by hand: `jose` is what is tested. */
function token(reply: unknown, more: { key?: typeof server; claims?: object; header?: object } = {}): string {
  const { key = server, claims = {}, header = {} } = more;
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const package_data = Buffer.from(JSON.stringify(reply)).toString("base64");
  const exp = Math.floor(Date.now() / 1_000) + 60;
  const signed = `${encode({ alg: "RS256", typ: "JWT", ...header })}.${encode({ package_data, exp, ...claims })}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), key.privateKey).toString("base64url")}`;
}

type Answer = { readonly status?: number; readonly body: string } | "hang up" | "silence";

/** A server that gives these answers in turn, the last one for ever, and keeps the bodies it got. */
async function serve(...answers: Answer[]): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const listening = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const answer = answers[Math.min(bodies.length, answers.length - 1)] ?? "hang up";
    bodies.push(body);
    if (answer === "hang up") request.socket.destroy();
    else if (answer !== "silence") response.writeHead(answer.status ?? 200).end(answer.body);
  });
  open.push(listening);
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v2/check`, bodies };
}

function post(url: string, more: Partial<CallbackOptions> = {}) {
  return postCallback({
    url,
    request: REQUEST,
    key: node.privateKey,
    serverKey: server.publicKey,
    sleepSeconds: 0.01,
    ...more,
  });
}

describe("REJECT", () => {
  test.each<[string, Answer]>([
    ["another key's signature", { body: token(APPROVE, { key: stranger }) }],
    ["an expired reply", { body: token(APPROVE, { claims: { exp: 1_700_000_000 } }) }],
    ["a reply without exp", { body: token(APPROVE, { claims: { exp: undefined } }) }],
    ["another algorithm", { body: token(APPROVE, { header: { alg: "RS512" } }) }],
    ["no signature", { body: token(APPROVE, { header: { alg: "none" } }) }],
    ["another request's id", { body: token({ ...APPROVE, request_id: "r-2" }) }],
    ["no id", { body: token({ ...APPROVE, request_id: undefined }) }],
    ["a status that is not 0", { body: token({ ...APPROVE, status: 30 }) }],
    ["no action", { body: token({ ...APPROVE, action: undefined }) }],
    ["another action", { body: token({ ...APPROVE, action: "approve" }) }],
    ["a reply that is no object", { body: token("APPROVE") }],
    ["an unsigned APPROVE", { body: JSON.stringify(APPROVE) }],
    ["an empty body", { body: "" }],
    ["quotes twice", { body: `""${token(APPROVE)}""` }],
    ["HTTP 500 with an APPROVE", { status: 500, body: token(APPROVE) }],
    ["HTTP 201 with an APPROVE", { status: 201, body: token(APPROVE) }],
  ])("%s, and no retry", async (_what, answer) => {
    const { url, bodies } = await serve(answer);
    const result = await post(url);
    expect(result).toMatchObject({ action: "REJECT", attempts: 1 });
    expect(bodies).toHaveLength(1);
  });

  test("no response, after all retries, each with a token of its own", async () => {
    const { url, bodies } = await serve("hang up", "silence", "hang up");
    const retries: number[] = [];
    const result = await post(url, {
      retryTimes: 2,
      requestTimeoutSeconds: 0.2,
      sleepSeconds: 1,
      onRetry: (attempt) => retries.push(attempt),
    });
    expect(result).toMatchObject({ action: "REJECT", attempts: 3 });
    expect(result.httpStatus).toBeUndefined();
    expect(result.reply).toBeUndefined();
    expect(retries).toEqual([1, 2]);
    expect(new Set(bodies).size).toBe(3);
  });

  test("retry_times 0 is one try", async () => {
    const { url, bodies } = await serve("hang up");
    expect(await post(url, { retryTimes: 0 })).toMatchObject({ action: "REJECT", attempts: 1 });
    expect(bodies).toHaveLength(1);
  });
});

describe("APPROVE", () => {
  test.each([
    ["bare", token(APPROVE)],
    ["in quotes", `"${token(APPROVE)}"`],
    ["with whitespace around", `\n "${token(APPROVE)}"\r\n`],
    ["without a status", token({ ...APPROVE, status: undefined })],
  ])("a verified reply, %s", async (_how, body) => {
    const { url } = await serve({ body });
    expect(await post(url)).toEqual({ action: "APPROVE", reply: APPROVE, httpStatus: 200, attempts: 1 });
  });

  test("after a try without a response", async () => {
    const { url } = await serve("hang up", { body: token(APPROVE) });
    expect(await post(url)).toMatchObject({ action: "APPROVE", attempts: 2 });
  });

  test("a ping without an id", async () => {
    const { url } = await serve({ body: token({ ...APPROVE, request_id: "" }) });
    expect(await post(url, { request: "{}" })).toMatchObject({ action: "APPROVE" });
  });
});

test("the request travels as one form field: a token with package_data, exp and iss", async () => {
  const { url, bodies } = await serve({ body: token(APPROVE) });
  await post(url, { tokenExpireMinutes: 2 });
  const form = new URLSearchParams(bodies[0]);
  expect([...form.keys()]).toEqual(["TSS_JWT_MSG"]);
  const [header, claims] = (form.get("TSS_JWT_MSG") ?? "")
    .split(".")
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
  expect(header).toEqual({ alg: "RS256", typ: "JWT" });
  expect(Buffer.from(claims.package_data, "base64").toString()).toBe(REQUEST);
  const seconds = claims.exp - Date.now() / 1_000;
  expect(seconds).toBeGreaterThan(110);
  expect(seconds).toBeLessThanOrEqual(120);
});

test("a token may be made expired", async () => {
  const [, claims] = (await signToken("{}", node.privateKey, -60)).split(".");
  expect(JSON.parse(Buffer.from(claims ?? "", "base64url").toString()).exp).toBeLessThan(Date.now() / 1_000);
});
