/** Bad input, before anything is signed or read: methods, paths, content types, sizes, broken connections. */
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Caller,
  demoRequest,
  expectApproval,
  expectRefusal,
  form,
  fresh,
  requestToken,
} from "../support/caller.ts";
import { FEW_RULES } from "../support/few-rules.ts";
import { Installation, type RunningProcess } from "../support/installation.ts";

const FORM = "application/x-www-form-urlencoded";
const MIB = 1024 * 1024;
const LISTED = demoRequest("listed-transfer");
const LISTED_ID: string = JSON.parse(LISTED).request_id;

let installation: Installation;
let running: RunningProcess;
let caller: Caller;
let good: string;

beforeAll(async () => {
  installation = new Installation({ policy: { release: FEW_RULES.open, trust: "unsigned" } });
  running = await installation.start();
  caller = new Caller(running.addresses.nodes);
  good = form(requestToken(LISTED, installation.node.privateKey));
});

afterAll(async () => {
  caller.close();
  await installation.remove();
});

/** The server is as before: the next good request, which it has not seen yet, is approved. */
async function expectServing(): Promise<void> {
  const { text, id } = fresh(LISTED);
  const body = form(requestToken(text, installation.node.privateKey));
  expectApproval(await caller.send(body), installation.server.publicKey, id);
}

/** Writes bytes to a connection of its own and collects what comes back until it is closed, or `done`. */
function raw(bytes: string, address = running.addresses.nodes): { socket: Socket; answer: Promise<string> } {
  const [host = "", port = ""] = address.split(":");
  const socket = connect({ host, port: Number(port) });
  const answer = new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(text));
    socket.on("error", () => {});
  });
  socket.write(bytes);
  return { socket, answer };
}

const head = (headers: readonly string[], path = "/v2/check"): string =>
  [`POST ${path} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n");

describe("without a body in the answer", () => {
  test.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s is 405", async (method) => {
    for (const path of ["/v2/check", "/v1/check"]) {
      const answer = await caller.send(method === "GET" || method === "HEAD" ? "" : good, { method, path });
      expect(answer).toMatchObject({ status: 405, body: "", headers: { allow: "POST" } });
    }
  });

  test.each([
    "/",
    "/v2",
    "/v2/check/",
    "/v2/check/more",
    "/V2/check",
    "//v2/check",
    "/v3/check",
    "/v2/%63heck/..",
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/status",
    "/v1/reload",
    "/push",
    "/confirm/withdrawal",
  ])("POST %s is 404", async (path) => {
    expect(await caller.send(good, { path })).toMatchObject({ status: 404, body: "" });
  });

  test.each([
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded2",
    "application",
    "",
  ])("content type %j is 415", async (type) => {
    const answer = await caller.send(good, { headers: { "content-type": type } });
    expect(answer).toMatchObject({ status: 415, body: "" });
  });

  test("no content type is 415", async () => {
    expect(await caller.send(good, { headers: {} })).toMatchObject({ status: 415, body: "" });
  });

  test("a body over 1 MiB is 413, announced or in chunks, and the server goes on", async () => {
    const long = `${good}&x=`.padEnd(MIB + 1, "x");
    const announced = raw(`${head([`Content-Type: ${FORM}`, `Content-Length: ${long.length}`])}`);
    expect(await Promise.race([announced.answer, onceData(announced.socket)])).toMatch(
      /^HTTP\/1\.1 413 [\s\S]*\r\n\r\n$/,
    );
    announced.socket.destroy();
    const chunk = `${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`;
    const chunked = raw(`${head([`Content-Type: ${FORM}`, "Transfer-Encoding: chunked"])}${chunk}`);
    expect(await Promise.race([chunked.answer, onceData(chunked.socket)])).toMatch(/^HTTP\/1\.1 413 /);
    chunked.socket.destroy();
    for (const chunkBytes of [undefined, 65_536]) {
      const once = new Caller(running.addresses.nodes, 1);
      const options = {
        headers: { "content-type": FORM },
        ...(chunkBytes === undefined ? {} : { chunkBytes }),
      };
      expect(await once.send(long, options)).toMatchObject({ status: 413, body: "" });
      once.close();
    }
    await expectServing();
  });

  test("a body without an end is 413 and not read on", async () => {
    const { socket, answer } = raw(head([`Content-Type: ${FORM}`, "Transfer-Encoding: chunked"]));
    const piece = `10000\r\n${"x".repeat(65_536)}\r\n`;
    let pieces = 0;
    const pump = (): void => {
      while (pieces < 4_096 && !socket.destroyed && socket.writable) {
        pieces += 1;
        if (!socket.write(piece)) {
          socket.once("drain", pump);
          return;
        }
      }
    };
    const first = onceData(socket);
    pump();
    expect(await first).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
    await answer;
    expect(pieces).toBeLessThan(4_096);
    await expectServing();
  });

  test("exactly 1 MiB is read", async () => {
    const whole = `${good}&x=`.padEnd(MIB, "x");
    expectApproval(await caller.send(whole), installation.server.publicKey, LISTED_ID);
    const chunked = await caller.send(whole, { headers: { "content-type": FORM }, chunkBytes: 50_000 });
    expectApproval(chunked, installation.server.publicKey, LISTED_ID);
  });
});

function onceData(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once("data", (chunk: Buffer) => resolve(chunk.toString("latin1"))));
}

describe("the form field is missing, empty or there twice", () => {
  const field = (): string => good.slice("TSS_JWT_MSG=".length);
  test.each<[string, () => string | Uint8Array]>([
    ["no body", () => ""],
    ["no field", () => "a=b&c=d"],
    ["another case", () => `tss_jwt_msg=${field()}`],
    ["the token alone", () => field()],
    ["an array's name", () => `TSS_JWT_MSG[]=${field()}`],
    ["a name with a space", () => ` TSS_JWT_MSG=${field()}`],
    ["an empty field", () => "TSS_JWT_MSG="],
    ["a field of white space", () => "TSS_JWT_MSG=+%20%0a"],
    ["a field without =", () => "TSS_JWT_MSG"],
    ["two fields", () => `${good}&${good}`],
    ["an empty field and a good one", () => `TSS_JWT_MSG=&${good}`],
    ["a good field and an empty one", () => `${good}&TSS_JWT_MSG=`],
    ["a good field and one in another spelling", () => `${good}&TSS%5FJWT%5FMSG=x`],
    ["a BOM before the name", () => `\ufeff${good}`],
    ["a NUL byte before the name", () => `\0${good}`],
    ["a body of NUL bytes", () => new Uint8Array(4_096)],
    ["JSON", () => JSON.stringify({ TSS_JWT_MSG: field() })],
    ["a compressed body", () => gzipSync(good)],
    ["UTF-16", () => Buffer.from(good, "utf16le")],
  ])("%s", async (_title, body) => {
    for (const path of ["/v2/check", "/v1/check"]) {
      const answer = await caller.send(body(), { path });
      expectRefusal(answer, installation.server.publicKey, { status: 20, code: "TOKEN_MISSING", id: "" });
    }
  });

  test("a field in the URL is none", async () => {
    const answer = await caller.send("", { path: `/v2/check?${good}` });
    expectRefusal(answer, installation.server.publicKey, { status: 20, code: "TOKEN_MISSING", id: "" });
  });

  test("other fields, parameters of the content type, white space around the token are nothing", async () => {
    const spellings = [`a=b&${good}&c=d`, `TSS_JWT_MSG=%20${field()}%0D%0A`];
    for (const body of spellings) {
      const headers = { "content-type": `${FORM.toUpperCase()}; charset=utf-8` };
      expectApproval(await caller.send(body, { headers }), installation.server.publicKey, LISTED_ID);
    }
  });
});

describe("broken connections", () => {
  test("what is no HTTP, or two requests in one, is not answered with more than 400", async () => {
    const lengths = [`Content-Type: ${FORM}`, `Content-Length: ${good.length}`];
    const hidden = `${head(lengths)}${good}`;
    for (const bytes of [
      "\0\0\0\0\r\n\r\n",
      "POST\r\n\r\n",
      `GET /${"x".repeat(20_000)} HTTP/1.1\r\n\r\n`,
      head([`X: ${"x".repeat(20_000)}`]),
      `${head([...lengths, "Transfer-Encoding: chunked"])}0\r\n\r\n${hidden}`,
      `${head([...lengths, "Content-Length: 4"])}${good}`,
      `${head([`Content-Type: ${FORM}`, "Content-Length: -1"])}${good}`,
      `${head([`Content-Type: ${FORM}`, "Transfer-Encoding: chunked"])}zz\r\n${good}`,
    ]) {
      const text = await raw(bytes).answer;
      expect(text).toMatch(/^(HTTP\/1\.1 4\d\d [\s\S]*)?$/);
      expect(text).not.toContain("200 OK");
    }
    await expectServing();
  });

  test("half bodies that stall, or whose sender leaves, hold nobody up", async () => {
    const half = `${head([`Content-Type: ${FORM}`, `Content-Length: ${good.length}`])}${good.slice(0, 99)}`;
    const stalled = Array.from({ length: 50 }, () => raw(half));
    const leaving = Array.from({ length: 50 }, () => raw(half));
    const heads = Array.from({ length: 50 }, () => raw("POST /v2/check HTTP/1.1\r\nHost: loc"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const { socket } of leaving) socket.destroy();
    for (let round = 0; round < 20; round += 1) await expectServing();
    for (const { socket, answer } of [...stalled, ...heads]) {
      expect(socket.bytesRead).toBe(0);
      socket.destroy();
      await answer;
    }
  });
});

test("an exception is not among the answers: nothing of all this is in the log", () => {
  const lines = running.log.filter(({ msg }) => msg === "exception" || msg === "alarm");
  expect(lines).toEqual([]);
});
