import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createAuthority } from "../../test/support/certificates.ts";
import { type Answer, etagOf, ReleaseHost } from "../../test/support/release-host.ts";
import { DownloadError } from "./download-body.ts";
import { type DownloadSettings, requestFile, shownUrl, type Validators } from "./download-request.ts";

const LIMIT = 200_000;
const root = mkdtempSync(join(tmpdir(), "countersign-download-"));
afterAll(() => rmSync(root, { recursive: true }));

let host: ReleaseHost;
beforeAll(async () => {
  host = await ReleaseHost.start();
});
afterAll(() => host.close());

function get(
  url: string,
  {
    validators,
    timeoutMs = 5_000,
    ...settings
  }: DownloadSettings & { validators?: Validators; timeoutMs?: number } = {},
) {
  const known = validators === undefined ? undefined : { validators, isKnown: true };
  return requestFile(new URL(url), settings, { limit: LIMIT, timeoutMs, known });
}

/** Why it was refused. */
async function refusal(got: Promise<unknown>): Promise<string> {
  const error = await got.then(
    () => undefined,
    (why: unknown) => why,
  );
  if (error instanceof DownloadError) return error.message;
  throw new Error("it was taken", { cause: error });
}

function raw(...parts: readonly string[]): Answer {
  return (response) => response.socket?.end(parts.join("\r\n"));
}

/** Sends the same for ever, as fast as it is taken. */
function endlessly(head: string, piece: string): Answer {
  return ({ socket }) => {
    socket?.write(head);
    const more = (): void => {
      while (socket?.writable === true && socket.write(piece));
    };
    socket?.on("drain", more);
    more();
  };
}

function dripping(response: ServerResponse): void {
  response.writeHead(200, { "content-length": 1_000 });
  const timer = setInterval(() => response.write("x"), 20);
  response.on("close", () => clearInterval(timer));
}

const OK = "HTTP/1.1 200 OK\r\n";

describe("what is no file is refused, and the message says why", () => {
  test.each<[string, Answer, RegExp]>([
    ["not found", (response) => response.writeHead(404).end("secret"), /: status 404$/],
    ["a server that fails", (response) => response.writeHead(500).end(), /: status 500$/],
    ["a part of it", (response) => response.writeHead(206).end("x"), /: status 206$/],
    ["nothing that changed since nothing", (response) => response.writeHead(304).end(), /304, and nothing/],
    ["nobody is let in", (response) => response.writeHead(403).end(), /403, the host wants other credent/],
    ...[301, 302, 303, 307, 308].map((status): [string, Answer, RegExp] => [
      `a redirect, ${status}`,
      (response) => response.writeHead(status, { location: host.url("/good") }).end(),
      new RegExp(`: status ${status}, redirects are not followed$`),
    ]),
    [
      "too long, as announced",
      raw(`${OK}Content-Length: ${LIMIT + 1}\r\n\r\n`),
      /200001 bytes, at most 200000/,
    ],
    ["a length that is a terabyte", raw(`${OK}Content-Length: 1099511627776\r\n\r\n`), /1099511627776 bytes/],
    [
      "endless",
      (response) => void response.writeHead(200).write(Buffer.alloc(LIMIT + 1)),
      /more than 200000/,
    ],
    ["shorter than announced", raw(`${OK}Content-Length: 10\r\n\r\nabc`), /: ended after 3 of 10 bytes$/],
    ["cut off", raw(`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`), /: ended after 3 bytes$/],
    [
      "two lengths",
      raw(`${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`),
      /not HTTP as it should be/,
    ],
    [
      "a length beside chunks",
      raw(`${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`),
      /not HTTP as it should be/,
    ],
    [
      "huge headers",
      (response) => response.writeHead(200, { x: "y".repeat(20_000) }).end(),
      /HEADER_OVERFLOW/,
    ],
    ["endless headers", endlessly(OK, "X-A: b\r\n".repeat(100)), /HEADER_OVERFLOW/],
    [
      "endless trailers",
      endlessly(`${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n`, "X-A: b\r\n".repeat(100)),
      /HEADER_OVERFLOW/,
    ],
    [
      "a chunk with an endless extension",
      endlessly(`${OK}Transfer-Encoding: chunked\r\n\r\n1;`, "a".repeat(1_000)),
      /EXTENSIONS_OVERFLOW/,
    ],
    [
      "endless promises",
      endlessly("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(10)),
      /promises, and no answer/,
    ],
    [
      "a body of crumbs",
      endlessly(`${OK}Transfer-Encoding: chunked\r\n\r\n`, "1\r\na\r\n".repeat(100)),
      /pieces of a few bytes/,
    ],
    ["no HTTP", raw("hello"), /not HTTP as it should be/],
    [
      "another protocol",
      raw("HTTP/1.1 101 Switching Protocols", "Upgrade: x", "Connection: Upgrade\r\n\r\n"),
      /ended without an answer/,
    ],
    ["hung up", (response) => response.socket?.destroy(), /no answer \(ECONNRESET\)|ended without/],
    [
      "a bomb in an encoding that nobody asked for",
      (response) =>
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(50_000_000))),
      /content-encoding/,
    ],
  ])("%s", async (_name, answer, why) => {
    host.answer("/bad", answer);
    const message = await refusal(get(host.url("/bad?key=hidden")));
    expect(message).toMatch(why);
    expect(message).toContain(`${host.url("/bad")}?…: `);
    expect(message).not.toMatch(/hidden|secret/);
  });

  test.each<[string, Answer]>([
    ["a body that drips", dripping],
    ["no answer at all", () => {}],
  ])("%s: when the time is over", async (_name, answer) => {
    host.answer("/bad", answer);
    const began = performance.now();
    expect(await refusal(get(host.url("/bad"), { timeoutMs: 300 }))).toMatch(
      /not there whole within 300 ms$/,
    );
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test("several files share a time", async () => {
    host.answer("/bad", dripping);
    const url = new URL(host.url("/bad"));
    const since = performance.now() - 60_000;
    const got = requestFile(url, {}, { limit: LIMIT, timeoutMs: 60_100, since });
    expect(await refusal(got)).toMatch(/within 60100 ms$/);
  });

  test("nobody listens", async () => {
    const gone = await ReleaseHost.start();
    const url = gone.url("/");
    await gone.close();
    expect(await refusal(get(url))).toMatch(/no answer \(ECONNREFUSED\)$/);
  });
});

describe("what is taken", () => {
  const content = Buffer.from("what it is".repeat(15_000));

  test("is the bytes as they are, asked for plainly", async () => {
    host.put("/good", content);
    const got = await get(host.url("/good"));
    expect(got).toEqual({ bytes: content, validators: { etag: etagOf(content) } });
    const { headers } = host.asked.at(-1) ?? { headers: {} };
    expect(headers).toEqual({
      accept: "*/*",
      "accept-encoding": "identity",
      "cache-control": "no-cache",
      "user-agent": "countersign",
      host: `127.0.0.1:${host.port}`,
      connection: "close",
    });
  });

  test("may come without a length, in pieces, and be as long as is allowed", async () => {
    const longest = Buffer.alloc(LIMIT, 7);
    host.answer("/good", (response) => {
      response.writeHead(200);
      for (let at = 0; at < LIMIT; at += 1_000) response.write(longest.subarray(at, at + 1_000));
      response.end();
    });
    expect((await get(host.url("/good"))).validators).toBeUndefined();
    expect(await get(host.url("/good"))).toEqual({ bytes: longest, validators: undefined });
  });

  test("may be of the old kind, and end with the connection", async () => {
    host.answer("/good", raw("HTTP/1.0 200 OK\r\n\r\nabc"));
    expect(await get(host.url("/good"))).toMatchObject({ bytes: Buffer.from("abc") });
  });

  test("is not kept as a cookie", async () => {
    host.answer("/good", (response) => response.writeHead(200, { "set-cookie": "a=b" }).end("x"));
    await get(host.url("/good"));
    await get(host.url("/good"));
    expect(host.asked.at(-1)?.headers["cookie"]).toBeUndefined();
  });
});

describe("what is known", () => {
  const content = Buffer.from("known");
  const etag = etagOf(content);

  test("is not sent again, and given back", async () => {
    host.put("/known", content);
    const got = await get(host.url("/known"), { validators: { etag } });
    expect(got).toEqual({ validators: { etag }, isKnown: true });
    expect(host.asked.at(-1)?.headers["if-none-match"]).toBe(etag);
  });

  test("is sent again where it is something else by now", async () => {
    host.put("/known", Buffer.from("new"));
    expect(await get(host.url("/known"), { validators: { etag } })).toMatchObject({
      bytes: Buffer.from("new"),
    });
  });

  const modified = "Tue, 01 Jul 2025 10:00:00 GMT";
  test.each([
    ["Tue, 01 Jul 2025 10:00:02 GMT", { lastModified: modified }],
    ["Tue, 01 Jul 2025 10:00:01 GMT", undefined],
    ["yesterday", undefined],
  ])("goes by its time where there is no ETag, once that second is over: %s", async (date, validators) => {
    const headers = { "last-modified": modified, date };
    host.answer("/known", (response) => response.writeHead(200, headers).end(content));
    expect(await get(host.url("/known"))).toEqual({ bytes: content, validators });
  });

  test("may have a weak ETag", async () => {
    host.answer("/known", (response) => response.writeHead(200, { etag: 'W/"a"' }).end("x"));
    expect(await get(host.url("/known"))).toMatchObject({ validators: { etag: 'W/"a"' } });
  });

  test("is asked for by its time", async () => {
    host.answer("/known", (response) => response.writeHead(304).end());
    const got = await get(host.url("/known"), { validators: { lastModified: modified } });
    expect(got).toMatchObject({ isKnown: true });
    expect(host.asked.at(-1)?.headers["if-modified-since"]).toBe(modified);
  });

  test.each([
    ["is a page long", `"${"e".repeat(2_000)}"`],
    ["any content has", "*"],
    ["is several", '"a", "b"'],
    ["has no quotes", "a"],
    ["is empty", ""],
  ])("with an ETag that %s goes by nothing", async (_name, each) => {
    host.answer("/known", (response) => response.writeHead(200, { etag: each }).end("x"));
    expect(await get(host.url("/known"))).toMatchObject({ validators: undefined });
  });
});

describe("a host behind TLS", () => {
  const authority = createAuthority();
  const other = createAuthority();
  let secure: ReleaseHost;
  beforeAll(async () => {
    secure = await ReleaseHost.start(authority.issue("releases"));
    secure.put("/good", Buffer.from("x"));
  });
  afterAll(() => secure.close());

  test.each([
    ["the system's authorities don't know it", {}],
    ["another authority is trusted", { caFile: other.ca }],
  ])("is refused where %s", async (_name, settings) => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    onTestFinished(() => {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    });
    const before = secure.asked.length;
    expect(await refusal(get(secure.url("/good"), settings))).toMatch(
      /certificate is not trusted \([A-Z_]+\)$/,
    );
    expect(secure.asked.length).toBe(before);
  });

  test("is refused under a name that is not in its certificate", async () => {
    const url = secure.url("/good").replace("127.0.0.1", "127.0.0.2");
    expect(await refusal(get(url, { caFile: authority.ca }))).toMatch(
      /certificate is not trusted|ECONNREFUSED/,
    );
  });

  test("and authorities that can't be read", async () => {
    const junk = join(root, "junk.pem");
    writeFileSync(junk, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect(await refusal(get(secure.url("/good"), { caFile: junk }))).toBe(`${junk}: no certificate`);
    const absent = join(root, "absent.pem");
    expect(await refusal(get(secure.url("/good"), { caFile: absent }))).toBe(
      `${absent}: can't be read (ENOENT)`,
    );
  });

  test("is taken where its authority is trusted", async () => {
    expect(await get(secure.url("/good"), { caFile: authority.ca })).toMatchObject({
      bytes: Buffer.from("x"),
    });
  });
});

describe("a token", () => {
  test.each([
    ["empty", ""],
    ["two words", "two words"],
    ["two lines", "one\ntwo"],
    ["a page long", "a".repeat(9_000)],
  ])("that is none: %s", async (_name, text) => {
    const bearerFile = join(root, "token");
    writeFileSync(bearerFile, text);
    const before = host.asked.length;
    const message = await refusal(get(host.url("/"), { bearerFile }));
    expect(message).toBe(`${bearerFile}: no token of printable characters`);
    expect(host.asked.length).toBe(before);
  });

  test("goes along, is read for each request, and stands in no message", async () => {
    const bearerFile = join(root, "token");
    for (const token of ["first-secret", "second-secret"]) {
      writeFileSync(bearerFile, `${token}\n`);
      host.answer("/closed", (response) => response.writeHead(401).end(token));
      expect(await refusal(get(host.url("/closed"), { bearerFile }))).toMatch(
        /status 401, the host wants other/,
      );
      expect(host.asked.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
    }
  });
});

test("a URL for people is without its query", () => {
  expect(shownUrl(new URL("https://a.example:8443/b/c.tar.gz"))).toBe("https://a.example:8443/b/c.tar.gz");
  expect(shownUrl(new URL("https://a.example/b?sig=secret"))).toBe("https://a.example/b?…");
});
