/**
 * Cobo's query API for the tests: it verifies who asks as Cobo documents it, answers with what it was told of its
 * transactions, and signs the answer with a key of Cobo's. It can also do all that a server should not.
 */
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { signPush } from "../../src/cli/push-client.ts";
import { type JsonObject, type JsonValue, stringifyJson } from "../../src/input/strict-json.ts";

/** How an answer is spoilt. */
export type Misbehaviour =
  | "unsigned"
  | "other_key"
  | "changed_body"
  | "changed_timestamp"
  | "one_header"
  | "contradicting_headers"
  | "stale"
  | "ahead"
  | "silent"
  | "endless"
  | "too_long"
  | "cut_off"
  | "redirect"
  | "not_json"
  | "not_utf8"
  | "twice_a_key"
  | "other_shape";

export interface QuerySeen {
  readonly path: string;
  readonly search: string;
  readonly nonce: string;
}

interface Tls {
  readonly cert: string;
  readonly key: string;
}

type Answer =
  | { readonly result: JsonValue }
  | { readonly error: number; readonly words?: string }
  | { readonly status: number; readonly signed: boolean };

const PATHS = [
  "/v1/custody/transaction/",
  "/v1/custody/pending_transaction/",
  "/v1/custody/mpc/transactions_by_cobo_ids/",
];

export class QueryDouble {
  /** By path and id, as `on` has them. */
  readonly #answers = new Map<string, Answer[]>();
  readonly #server: http.Server;
  readonly #scheme: string;
  readonly #coboKey: string;
  readonly #customer: string;
  readonly seen: QuerySeen[] = [];
  /** Asked for at the same time, at most. */
  atOnce = 0;
  #now = 0;
  /** Milliseconds that each answer takes. */
  delayMs = 0;
  misbehaviour: Misbehaviour | undefined;
  /** Where a redirection leads; whoever comes there followed it. */
  followed = 0;

  private constructor(coboKey: string, customer: string, tls: Tls | undefined) {
    this.#coboKey = coboKey;
    this.#customer = customer;
    this.#scheme = tls === undefined ? "http" : "https";
    const onRequest = (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response);
    };
    this.#server = tls === undefined ? http.createServer(onRequest) : https.createServer(tls, onRequest);
  }

  /**
   * @param coboKey - the secret that answers are signed with, hex.
   * @param customer - the compressed point of whoever may ask, hex.
   * @param tls - PEM texts; absent: plain HTTP.
   */
  static async start(coboKey: string, customer: string, tls?: Tls): Promise<QueryDouble> {
    const double = new QueryDouble(coboKey, customer, tls);
    double.#server.listen(0, "127.0.0.1");
    await once(double.#server, "listening");
    return double;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /**
   * What it says of a transaction from now on. Of several answers each is given once, the last one for good; what was
   * never told is an id that Cobo does not know.
   */
  on(kind: "transaction" | "pending" | "mpc", id: string, ...answers: readonly Answer[]): void {
    const path = PATHS[{ transaction: 0, pending: 1, mpc: 2 }[kind]] ?? "";
    this.#answers.set(`${path} ${id}`, [...answers]);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, search } = new URL(request.url ?? "", "http://double");
    if (path === "/followed") this.followed += 1;
    const nonce = header(request, "biz-api-nonce");
    this.seen.push({ path, search, nonce });
    this.#now += 1;
    this.atOnce = Math.max(this.atOnce, this.#now);
    await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    this.#now -= 1;
    if (this.#refuses(request, path, search.slice(1), nonce)) {
      this.#send(response, { success: false, error_code: 12001, error_message: "signature" }, 401);
      return;
    }
    const answer = this.#answerFor(path, new URLSearchParams(search));
    if ("status" in answer) {
      if (answer.signed) this.#send(response, { success: false, error_code: 1000 }, answer.status);
      else response.writeHead(answer.status).end("busy");
    } else if ("error" in answer) {
      const { error, words = "no" } = answer;
      this.#send(response, { success: false, error_code: error, error_message: words, error_id: "e" }, 400);
    } else this.#send(response, { success: true, result: answer.result }, 200);
  }

  #answerFor(path: string, params: URLSearchParams): Answer {
    const isMpc = path === PATHS[2];
    const id = params.get(isMpc ? "cobo_ids" : "id") ?? "";
    const answers = this.#answers.get(`${path} ${id}`);
    const answer = (answers?.length ?? 0) > 1 ? answers?.shift() : answers?.[0];
    if (answer !== undefined) return answer;
    return isMpc ? { result: { total: 0, transactions: [] } } : { error: 12004 };
  }

  #refuses(request: IncomingMessage, path: string, params: string, nonce: string): boolean {
    const point = header(request, "biz-api-key");
    const digest = sha256(sha256(utf8ToBytes(`${request.method}|${path}|${nonce}|${params}`)));
    const signature = hexToBytes(header(request, "biz-api-signature"));
    const options = { prehash: false, lowS: false, format: "der" } as const;
    return (
      point !== this.#customer ||
      !PATHS.includes(path) ||
      !/^[0-9]{13}$/.test(nonce) ||
      !secp256k1.verify(signature, digest, hexToBytes(point), options)
    );
  }

  #send(response: ServerResponse, envelope: JsonObject, status: number): void {
    const text = stringifyJson(envelope);
    const { body, at } = this.#bodyOf(text);
    const key = this.misbehaviour === "other_key" ? "11".repeat(32) : this.#coboKey;
    const { timestamp, signature } = signPush(body, key, at);
    const headers: Record<string, string> = { BIZ_TIMESTAMP: timestamp, BIZ_RESP_SIGNATURE: signature };
    switch (this.misbehaviour) {
      case "silent":
        return;
      case "redirect":
        response.writeHead(302, { ...headers, location: `${this.url}/followed` }).end();
        return;
      case "endless":
        response.writeHead(status, headers);
        response.write(body.subarray(0, 1));
        this.#drip(response);
        return;
      case "cut_off":
        response.writeHead(status, { ...headers, "content-length": String(body.length + 1) });
        response.write(body, () => response.destroy());
        return;
      case "unsigned":
        response.writeHead(status).end(body);
        return;
      case "one_header":
        response.writeHead(status, { BIZ_TIMESTAMP: timestamp }).end(body);
        return;
      case "contradicting_headers":
        response.writeHead(status, { ...headers, "Biz-Timestamp": String(at + 1) }).end(body);
        return;
      case "changed_timestamp":
        response.writeHead(status, { ...headers, BIZ_TIMESTAMP: String(at + 1) }).end(body);
        return;
      case "changed_body":
        response.writeHead(status, headers).end(Buffer.concat([body, Buffer.from(" ")]));
        return;
      default:
        response.writeHead(status, headers).end(body);
    }
  }

  #drip(response: ServerResponse): void {
    const timer = setInterval(() => response.write(" "), 10);
    response.once("close", () => clearInterval(timer));
  }

  #bodyOf(text: string): { body: Buffer; at: number } {
    const now = Date.now();
    switch (this.misbehaviour) {
      case "stale":
        return { body: Buffer.from(text), at: now - 3_600_000 };
      case "ahead":
        return { body: Buffer.from(text), at: now + 3_600_000 };
      case "too_long":
        return { body: Buffer.from(text.padEnd(1024 * 1024 + 1)), at: now };
      case "not_json":
        return { body: Buffer.from(text.slice(1)), at: now };
      case "not_utf8":
        return { body: Buffer.concat([Buffer.from(text), Buffer.from([0xff])]), at: now };
      case "twice_a_key":
        return { body: Buffer.from(text.replace("{", '{"success":true,')), at: now };
      case "other_shape":
        return { body: Buffer.from('{"data":[]}'), at: now };
      default:
        return { body: Buffer.from(text), at: now };
    }
  }
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}

/** The compressed point of a secret, both in hex. */
export function pointOf(secret: string): string {
  return bytesToHex(secp256k1.getPublicKey(hexToBytes(secret), true));
}
