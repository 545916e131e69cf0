/**
 * One GET to Cobo: bounded in time and size, never redirected. What comes back is bytes and headers as they were sent;
 * whether they are to be believed is for others to say.
 */
import http from "node:http";
import https from "node:https";

/** A transaction is a few kilobytes. */
const MAX_BYTES = 1024 * 1024;
const MAX_SOCKETS = 8;
/** Shorter than what proxies keep a silent connection for. */
const KEEP_ALIVE_MS = 15_000;

/** @property headers - names and values in turn, as they were sent: `IncomingMessage.rawHeaders`. */
export interface QueryResponse {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** The connections to one server. */
export class QueryConnections {
  readonly #agent: http.Agent;
  readonly #cancels = new Set<(why: Error) => void>();

  /** @param secure - whether it is asked over TLS. */
  constructor(secure: boolean) {
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS, timeout: KEEP_ALIVE_MS };
    this.#agent = secure ? new https.Agent(options) : new http.Agent(options);
  }

  /**
   * @param timeoutMs - from the first byte sent to the last one received.
   * @throws Error where there is no complete response in time, or it is longer than 1 MiB.
   */
  get(url: URL, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<QueryResponse> {
    return new Promise((resolve, reject) => {
      const request = url.protocol === "https:" ? https.get : http.get;
      const sent = request(url, { agent: this.#agent, headers });
      const settle = (): void => {
        clearTimeout(deadline);
        this.#cancels.delete(cancel);
      };
      const fail = (why: Error): void => {
        settle();
        reject(why);
      };
      // What the socket says once it is gone comes too late to be the reason.
      const cancel = (why: Error): void => {
        fail(why);
        sent.destroy();
      };
      const deadline = setTimeout(() => cancel(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      this.#cancels.add(cancel);
      sent.on("error", fail);
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_BYTES) cancel(new Error(`an answer of more than ${MAX_BYTES} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () => {
          settle();
          const { statusCode: status = 0, rawHeaders } = response;
          resolve({ status, headers: rawHeaders, body: Buffer.concat(chunks, length) });
        });
      });
    });
  }

  /** Ends what is under way. */
  close(): void {
    for (const cancel of this.#cancels) cancel(new Error("the server stops"));
    this.#agent.destroy();
  }
}
