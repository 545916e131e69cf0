/** For the tests: a host of releases, honest or hostile: a real web server on a port of its own. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** One request that came. @property url - path and query. */
export interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** `performance.now()`. */
  readonly at: number;
}

export class ReleaseHost {
  readonly asked: Asked[] = [];
  /** The most requests that it had to answer at once. */
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #answers = new Map<string, Answer>();
  readonly #server: http.Server;
  readonly #sockets = new Set<Socket>();
  readonly #scheme: "http" | "https";

  private constructor(tls?: { readonly cert: string; readonly key: string }) {
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      this.#onRequest(request, response);
    this.#scheme = tls === undefined ? "http" : "https";
    this.#server =
      tls === undefined
        ? http.createServer(onRequest)
        : https.createServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, onRequest);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      // Who is hung up on is what is being tested.
      socket.on("error", () => {});
    });
  }

  /** @param tls - PEM files; absent: plain HTTP. @param port - absent: a free one. */
  static async start(tls?: { readonly cert: string; readonly key: string }, port = 0): Promise<ReleaseHost> {
    const host = new ReleaseHost(tls);
    await new Promise<void>((resolve, reject) => {
      host.#server.once("error", reject);
      host.#server.listen(port, "127.0.0.1", resolve);
    });
    return host;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `${this.#scheme}://127.0.0.1:${this.port}${path}`;
  }

  /** As any static host has it: with its length, an ETag, and 304 where that is asked for. */
  put(path: string, content: Uint8Array): void {
    const etag = etagOf(content);
    this.answer(path, (response, request) => {
      if (request.headers["if-none-match"] === etag) response.writeHead(304, { etag }).end();
      else response.writeHead(200, { etag, "content-length": content.length }).end(content);
    });
  }

  /** @param path - without the query. */
  answer(path: string, answer: Answer): void {
    this.#answers.set(path, answer);
  }

  remove(path: string): void {
    this.#answers.delete(path);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.asked.push({ url: request.url ?? "", headers: request.headers, at: performance.now() });
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    response.on("close", () => {
      this.#atOnce -= 1;
    });
    const [path = ""] = (request.url ?? "").split("?");
    const answer = this.#answers.get(path);
    if (answer === undefined) response.writeHead(404).end("nothing here");
    else answer(response, request);
  }
}

export function etagOf(content: Uint8Array): string {
  return `"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"`;
}
