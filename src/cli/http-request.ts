/** One HTTP(S) request of the command line's, with client certificates and a time limit. */
import http from "node:http";
import https from "node:https";

/** A reply is a token of a few kilobytes, a status not much more. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

/** PEM texts: whom to trust, and who we are. */
export interface TlsClient {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface HttpRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From the first byte sent to the last one received. */
  readonly timeoutMs: number;
  readonly tls?: TlsClient | undefined;
  /** For connections that are kept; without it each request has its own. */
  readonly agent?: http.Agent | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends a request and reads the whole response.
 *
 * @throws Error where there is no complete response in time. Redirects are not followed.
 */
export function sendRequest(request: HttpRequest): Promise<HttpResponse> {
  const { url, method = "GET", headers = {}, body = "", timeoutMs, tls = {}, agent } = request;
  return new Promise((resolve, reject) => {
    const { ca, cert, key } = tls;
    const options: https.RequestOptions = {
      method,
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      agent: agent ?? false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    const onResponse = (response: http.IncomingMessage): void => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_RESPONSE_BYTES) response.destroy(new Error("the response is too long"));
        else chunks.push(chunk);
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
      response.on("error", reject);
    };
    const sent = url.startsWith("https:")
      ? https.request(url, options, onResponse)
      : http.request(url, options, onResponse);
    sent.on("error", (error) =>
      reject(error.name === "AbortError" ? new Error(`no response within ${timeoutMs} ms`) : error),
    );
    sent.end(body);
  });
}
