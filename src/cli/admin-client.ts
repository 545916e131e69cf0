/** Asks the admin listener of an installation, with the token of its `state_dir`. */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import http from "node:http";
import tls from "node:tls";
import { readAdminToken, readTokenFile } from "../admin/tokens.ts";
import type { Config } from "../config.ts";
import { type HttpResponse, sendRequest } from "./http-request.ts";
import { UsageError } from "./output.ts";

const TIMEOUT_MS = 5_000;
const JSON_BODY = { "content-type": "application/json" };

/** PEM texts of a client certificate, where the admin listener wants one. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * @property body - sent as JSON, by POST; absent: a GET.
 * @property tokenFile - holds the token; by default the one of `state_dir`.
 * @property timeoutMs - by default a few seconds.
 */
export interface AdminCall {
  readonly body?: unknown;
  readonly client?: ClientCertificate | undefined;
  readonly tokenFile?: string | undefined;
  readonly timeoutMs?: number;
}

/**
 * Sends one request to the admin listener.
 *
 * @param path - with its slash: `/v1/status`.
 * @throws UsageError where the config leaves the port open.
 * @throws Error where nothing answers, or where over TLS another certificate than the configured one does.
 */
export async function askAdmin(config: Config, path: string, call: AdminCall = {}): Promise<HttpResponse> {
  const { body, client, tokenFile, timeoutMs = TIMEOUT_MS } = call;
  const { address, tls: files } = config.listen.admin;
  // Node would take port 80 instead, and whoever listens there would get the token.
  if (address.port === 0) throw new UsageError("listen.admin: port 0 tells nobody where the server listens");
  const token = await (tokenFile === undefined ? readAdminToken(config.state_dir) : readTokenFile(tokenFile));
  const host = { "0.0.0.0": "127.0.0.1", "::": "::1" }[address.host] ?? address.host;
  const agent =
    files === undefined ? undefined : pinned(host, address.port, await readFile(files.cert), client);
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return await sendRequest({
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}${path}`,
    headers: { authorization: `Bearer ${token}`, ...(sent === undefined ? {} : JSON_BODY) },
    ...(sent === undefined ? {} : { method: "POST", body: sent }),
    timeoutMs,
    agent,
  });
}

/**
 * An agent whose connections reach the holder of this very certificate, whatever it is issued for and by whom:
 * the config file says which it is. Nothing is sent before that is known, the token least of all.
 */
function pinned(host: string, port: number, cert: Buffer, client: ClientCertificate | undefined): http.Agent {
  const expected = new X509Certificate(cert).fingerprint256;
  const agent = new http.Agent();
  agent.createConnection = (_options, callback) => {
    const socket = tls.connect({ host, port, rejectUnauthorized: false, minVersion: "TLSv1.2", ...client });
    socket.once("error", (error) => callback?.(error, socket));
    socket.once("secureConnect", () => {
      if (socket.getPeerCertificate().fingerprint256 === expected) callback?.(null, socket);
      else socket.destroy(new Error("the admin listener shows another certificate than the configured one"));
    });
    return undefined;
  };
  return agent;
}
