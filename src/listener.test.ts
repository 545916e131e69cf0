import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { connect, type Socket } from "node:net";
import tls from "node:tls";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { afterEach, describe, expect, test } from "vitest";
import { createAuthority } from "../test/support/certificates.ts";
import { BodyError, readBody } from "./channels/body.ts";
import { type Listener, type ListenerConfig, startListener } from "./listener.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };
const open: Listener[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.drain(100)));
});

/** An app that counts its requests, reads bodies of up to 1,000 bytes and can be held up. */
function createApp() {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const state = { seen: 0, hold: Promise.resolve() };
  app.use(async (_context, next) => {
    state.seen += 1;
    await next();
  });
  app.get("/", (context) => context.text("here"));
  app.get("/slow", async (context) => {
    await state.hold;
    return context.text("done");
  });
  app.post("/body", async (context) => {
    try {
      return context.text(
        String((await readBody(context.env.incoming, { limitBytes: 1_000, deadlineMs: 5_000 })).length),
      );
    } catch (error) {
      if (error instanceof BodyError) return context.body(null, error.status);
      throw error;
    }
  });
  return { app, state };
}

async function start(config: Partial<ListenerConfig> = {}, rejected: string[] = []) {
  const { app, state } = createApp();
  const listener = await startListener({ address: LOOPBACK, ...config }, app, {
    onRejected: (rejection) => rejected.push(rejection),
  });
  open.push(listener);
  return { listener, state };
}

/** Everything the peer sends until it closes. */
async function rawExchange(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.write(text);
  await once(socket, "close");
  return answer;
}

function get(url: string, options: https.RequestOptions = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const client = url.startsWith("https:") ? https : http;
    client
      .get(url, { agent: false, ...options }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
      .on("error", reject);
  });
}

describe("allow", () => {
  test("a peer outside is disconnected without a byte, and the app never asked", async () => {
    const rejected: string[] = [];
    const { listener, state } = await start(
      { allow: [{ address: "10.0.0.0", prefix: 8, family: "ipv4" }] },
      rejected,
    );
    expect(await rawExchange(listener.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).toBe("");
    expect(state.seen).toBe(0);
    expect(rejected).toEqual(["network"]);
  });

  test("an empty list admits nobody", async () => {
    const { listener } = await start({ allow: [] });
    await expect(get(listener.url)).rejects.toThrow();
  });

  test("a stranger does not get as far as a TLS handshake", async () => {
    const authority = createAuthority();
    const { listener } = await start({ tls: authority.issue("server"), allow: [] });
    const socket = tls.connect({ port: listener.port, host: "127.0.0.1", rejectUnauthorized: false });
    const handshake = once(socket, "secureConnect");
    await expect(handshake).rejects.toThrow();
  });

  test("a peer inside is served, as an IPv4-mapped address too", async () => {
    const allow = [{ address: "127.0.0.0", prefix: 8, family: "ipv4" }] as const;
    const { listener } = await start({ allow });
    expect(await get(listener.url)).toBe(200);
    const dual = await start({ allow, address: { host: "::", port: 0 } });
    expect(await get(`http://127.0.0.1:${dual.listener.port}`)).toBe(200);
  });
});

describe("rate", () => {
  test("a peer over its rate gets 429 without a body, and the app is not asked", async () => {
    const rejected: string[] = [];
    const { listener, state } = await start({ rate: 2 }, rejected);
    const statuses = [];
    for (let i = 0; i < 5; i += 1) statuses.push(await get(listener.url));
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    expect(statuses.slice(2)).toEqual([429, 429, 429]);
    expect(state.seen).toBe(2);
    expect(rejected).toEqual(["rate", "rate", "rate"]);
    const answer = await rawExchange(
      listener.port,
      "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\nxxxx",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 429 /);
    expect(answer).toMatch(/content-length: 0\r\n/i);
    expect(answer.endsWith("\r\n\r\n")).toBe(true);
  });
});

describe("TLS", () => {
  test("older versions and clients without a certificate are refused, a known client is served", async () => {
    const [authority, foreign] = [createAuthority(), createAuthority()];
    const ca = readFileSync(authority.ca);
    const { listener, state } = await start({
      tls: { ...authority.issue("server"), client_ca: authority.ca },
    });
    const certificate = (files: { cert: string; key: string }) => ({
      ca,
      cert: readFileSync(files.cert),
      key: readFileSync(files.key),
    });
    await expect(get(listener.url, { ca })).rejects.toThrow();
    await expect(get(listener.url, certificate(foreign.issue("node")))).rejects.toThrow();
    const known = certificate(authority.issue("node"));
    await expect(
      get(listener.url, { ...known, minVersion: "TLSv1.1", maxVersion: "TLSv1.1" }),
    ).rejects.toThrow();
    expect(state.seen).toBe(0);
    expect(await get(listener.url, known)).toBe(200);
    expect(await get(listener.url, { ...known, maxVersion: "TLSv1.2" })).toBe(200);
  });

  test("files that are broken at a reload leave the old ones, good ones are used", async () => {
    const authority = createAuthority();
    const first = authority.issue("first");
    const second = authority.issue("second");
    const { listener } = await start({ tls: first });
    const peer = async (): Promise<string | undefined> => {
      const socket = tls.connect({ port: listener.port, host: "127.0.0.1", rejectUnauthorized: false });
      await once(socket, "secureConnect");
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return typeof CN === "string" ? CN : undefined;
    };
    const original = readFileSync(first.cert);
    writeFileSync(first.cert, "no certificate");
    await expect(listener.reloadTls()).rejects.toThrow();
    expect(await peer()).toBe("first");
    writeFileSync(first.cert, original);
    copyFileSync(second.cert, first.cert);
    copyFileSync(second.key, first.key);
    await listener.reloadTls();
    expect(await peer()).toBe("second");
  });

  test("without a file there is no listener", async () => {
    await expect(start({ tls: { cert: "/nowhere.pem", key: "/nowhere.key" } })).rejects.toThrow(/ENOENT/);
  });
});

describe("body", () => {
  const post = (port: number, lines: string, body: string): Promise<string> =>
    rawExchange(port, `POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n\r\n${body}`);

  test("too long as announced, too long as sent, cut off", async () => {
    const { listener } = await start();
    expect(await post(listener.port, "Content-Length: 1001", "x")).toMatch(/^HTTP\/1\.1 413 /);
    const chunk = `258\r\n${"x".repeat(600)}\r\n`;
    expect(await post(listener.port, "Transfer-Encoding: chunked", `${chunk}${chunk}0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 413 /,
    );
    const socket = connect(listener.port, "127.0.0.1");
    socket.end("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nxxx");
    await once(socket.resume(), "close");
    expect(await get(listener.url)).toBe(200);
  });

  test("up to the limit, in one piece and in many, and none", async () => {
    const { listener } = await start();
    expect(await post(listener.port, "Content-Length: 1000", "x".repeat(1_000))).toMatch(/\r\n\r\n1000$/);
    const chunk = `1f4\r\n${"x".repeat(500)}\r\n`;
    expect(await post(listener.port, "Transfer-Encoding: chunked", `${chunk}${chunk}0\r\n\r\n`)).toContain(
      "1000",
    );
    expect(await post(listener.port, "Content-Length: 0", "")).toMatch(/\r\n\r\n0$/);
  });
});

describe("drain", () => {
  test("what is in flight is answered, idle and silent connections are closed, nothing new is accepted", async () => {
    const { listener, state } = await start();
    let release = (): void => {};
    state.hold = new Promise((resolve) => {
      release = resolve;
    });
    const agent = new http.Agent({ keepAlive: true });
    expect(await get(listener.url, { agent })).toBe(200);
    const silent: Socket = connect(listener.port, "127.0.0.1");
    await once(silent, "connect");
    const slow = get(`${listener.url}/slow`, { agent });
    while (state.seen < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const started = performance.now();
    const drained = listener.drain(5_000);
    await once(silent.resume(), "close");
    await expect(get(listener.url)).rejects.toThrow(/ECONNREFUSED/);
    release();
    expect(await slow).toBe(200);
    await drained;
    expect(performance.now() - started).toBeLessThan(2_000);
    agent.destroy();
  });

  test("a request that does not end is cut at the limit", async () => {
    const { listener, state } = await start();
    state.hold = new Promise(() => {});
    const slow = expect(get(`${listener.url}/slow`)).rejects.toThrow();
    while (state.seen < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await listener.drain(100);
    await slow;
  });
});

test("an address in use is an error", async () => {
  const { listener } = await start();
  await expect(start({ address: { host: "127.0.0.1", port: listener.port } })).rejects.toThrow(/EADDRINUSE/);
});
