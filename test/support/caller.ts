/**
 * A TSS Node that may send anything: bodies, tokens and requests as they stand, and answers read as strictly as
 * design 3.3 states them. Signatures are made and checked by `node:crypto` alone, not by the server's code.
 */
import { type KeyObject, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { BUNDLES } from "./installation.ts";

const FORM = "application/x-www-form-urlencoded";
const TIMEOUT_MS = 20_000;
const TOKEN_SECONDS = 3_600;
const MAX_ERROR_BYTES = 256;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface SendOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without a length: chunks of this many bytes. */
  readonly chunkBytes?: number;
}

/** Connections to one server, kept alive. */
export class Caller {
  readonly address: string;
  readonly #agent: Agent;

  /** @param inFlight - as many connections at most. */
  constructor(address: string, inFlight = 8) {
    this.address = address;
    this.#agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  }

  /** @throws Error where there is no complete answer in time. */
  send(body: string | Uint8Array, options: SendOptions = {}): Promise<Answer> {
    const { method = "POST", path = "/v2/check", headers = { "content-type": FORM }, chunkBytes } = options;
    const bytes = Buffer.from(body);
    return new Promise((resolve, reject) => {
      const length = chunkBytes === undefined ? { "content-length": bytes.length } : {};
      const sent = request(
        `http://${this.address}${path}`,
        {
          method,
          agent: this.#agent,
          headers: { ...length, ...headers },
          signal: AbortSignal.timeout(TIMEOUT_MS),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks).toString(),
            }),
          );
          response.on("error", reject);
        },
      );
      sent.on("error", reject);
      if (chunkBytes !== undefined) {
        for (let at = 0; at < bytes.length; at += chunkBytes) sent.write(bytes.subarray(at, at + chunkBytes));
        sent.end();
      } else sent.end(bytes);
    });
  }

  /** Sends one token in its form field. */
  sendToken(token: string, options: SendOptions = {}): Promise<Answer> {
    return this.send(form(token), options);
  }

  close(): void {
    this.#agent.destroy();
  }
}

export function form(token: string): string {
  return new URLSearchParams({ TSS_JWT_MSG: token }).toString();
}

const HEADER = { alg: "RS256", typ: "JWT" };

const base64url = (content: string | Uint8Array): string => Buffer.from(content).toString("base64url");

/** A compact token over any claims, RS256 whatever the header says. Texts are taken as they stand. */
export function tokenOf(
  claims: string | Uint8Array | Readonly<Record<string, unknown>>,
  key: KeyObject,
  header: string | Readonly<Record<string, unknown>> = HEADER,
): string {
  const text = (value: string | Uint8Array | object): string | Uint8Array =>
    typeof value === "string" || value instanceof Uint8Array ? value : JSON.stringify(value);
  const signed = `${base64url(text(header))}.${base64url(text(claims))}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

/** The claims that a node sends around a request. */
export function claimsOf(
  callback: string | Uint8Array,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    package_data: Buffer.from(callback).toString("base64"),
    exp: Math.floor(Date.now() / 1000) + TOKEN_SECONDS,
    iss: "tss-node",
    ...changes,
  };
}

/** The token that a node makes of a request. */
export function requestToken(callback: string | Uint8Array, key: KeyObject): string {
  return tokenOf(claimsOf(callback), key);
}

const replySchema = z.strictObject({
  status: z.literal([0, 10, 20, 30]),
  request_id: z.string().max(128),
  action: z.enum(["APPROVE", "REJECT"]).optional(),
  error: z.string(),
});

export type StrictReply = z.infer<typeof replySchema>;

/**
 * Reads a signed answer.
 *
 * @throws Error where it is not exactly a token of this key, not expired, around a reply of the known members.
 */
export function readReply(body: string, serverKey: KeyObject): StrictReply {
  const [header, claims, signature, ...more] = body.split(".");
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) {
    throw new Error(`not a token: ${body.slice(0, 80)}`);
  }
  const genuine = verify(
    "sha256",
    Buffer.from(`${header}.${claims}`),
    serverKey,
    Buffer.from(signature, "base64url"),
  );
  if (!genuine) throw new Error("the answer's signature is not the server's");
  const decoded = Buffer.from(header, "base64url").toString();
  if (decoded !== JSON.stringify(HEADER)) throw new Error(`another header: ${decoded}`);
  const { package_data, exp } = z
    .strictObject({ package_data: z.base64(), exp: z.int(), iss: z.string() })
    .parse(JSON.parse(Buffer.from(claims, "base64url").toString()));
  if (exp * 1000 <= Date.now()) throw new Error("the answer has expired");
  const reply = replySchema.parse(JSON.parse(Buffer.from(package_data, "base64").toString()));
  if (Buffer.byteLength(reply.error) > MAX_ERROR_BYTES) throw new Error("the answer's error is too long");
  return reply;
}

/** What a refusal has to look like. */
export interface ExpectedRefusal {
  readonly status: 0 | 10 | 20 | 30;
  readonly code: string;
  /** The echoed request id. */
  readonly id: string;
}

/** Holds a signed refusal against the table of design 3.3; answers to refused tokens have no decision's id. */
export function expectRefusal(
  { status, headers, body }: Answer,
  serverKey: KeyObject,
  expected: ExpectedRefusal,
): void {
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
  const { error, ...reply } = readReply(body, serverKey);
  const code = /^[A-Z0-9_]*/.exec(error)?.[0];
  expect({ ...reply, code }, error).toEqual({
    status: expected.status,
    request_id: expected.id,
    action: "REJECT",
    code: expected.code,
  });
  if (expected.status === 20) expect(error).not.toMatch(/\[|d_/);
  else expect(error).toMatch(/ \[d_[0-9A-HJKMNP-TV-Z]{26}\]$/);
}

/** Holds an answer against an approval of exactly this request. */
export function expectApproval({ status, body }: Answer, serverKey: KeyObject, id: string): void {
  expect(status).toBe(200);
  expect(readReply(body, serverKey)).toEqual({ status: 0, request_id: id, action: "APPROVE", error: "" });
}

/** The text of one of the demo's requests. */
export function demoRequest(name: string): string {
  return readFileSync(join(BUNDLES, "demo/requests", `${name}.json`), "utf8").trim();
}

let asked = 0;

/** The request as nobody asked it before, and its id: what was asked before has its answer. */
export function fresh(request: string): { readonly text: string; readonly id: string } {
  asked += 1;
  const text = renamed(request, `fresh-${asked}`);
  return { text, id: z.object({ request_id: z.string() }).parse(JSON.parse(text)).request_id };
}

/** The request under an id of its own, where it has one that is not empty. */
export function renamed(request: string, id: number | string): string {
  return request.replace(/"request_id":"(?=[^"])/, () => `"request_id":"${id}-`);
}
