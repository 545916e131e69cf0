/**
 * One HTTP(S) listener around a Hono app: who may connect, how often, with which TLS; and its orderly end.
 *
 * The order of refusals is fixed (design 3.3): a peer outside `allow` is disconnected before TLS, a peer over
 * its `rate` gets 429 before the app runs, so both before any cryptography of ours.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http, { type RequestListener } from "node:http";
import https from "node:https";
import { BlockList, type Socket } from "node:net";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { type Address, addressText, type Network } from "./config/values.ts";
import { createRateLimit } from "./rate-limit.ts";

/** A node waits 10 s for its answer by default: a request that takes longer to arrive is of no use. */
const REQUEST_TIMEOUT_MS = 15_000;
const HEADERS_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Longer than the usual 60 s of proxies and pings, so that the peer is the one who closes. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const CONNECTIONS_CHECK_MS = 2_000;
const MAX_CONNECTIONS = 4_096;
const DRAIN_STEP_MS = 25;
const DRAIN_LIMIT_MS = 10_000;
/** A refused body up to this size is read and dropped, and the connection kept. */
const SMALL_BODY_BYTES = 64 * 1024;

interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly client_ca?: string | undefined;
}

/** What `listen.*` of the config says of one listener. */
export interface ListenerConfig {
  readonly address: Address;
  readonly tls?: TlsFiles | undefined;
  readonly allow?: readonly Network[] | undefined;
  readonly rate?: number | undefined;
}

/** Why a peer was turned away before the app saw it. */
type Rejection = "network" | "rate";

export interface ListenerHooks {
  readonly onRejected?: (rejection: Rejection) => void;
}

export interface HttpApp {
  fetch(request: Request, env: HttpBindings): Response | Promise<Response>;
}

/**
 * @property address - `host:port` as bound: the port is the real one where the config says 0.
 * @property port - the bound port.
 * @property url - with the scheme; the host as configured.
 */
export interface Listener {
  readonly address: string;
  readonly port: number;
  readonly url: string;
  /** Reads the TLS files again; new connections use them. On an error the old ones stay. */
  reloadTls(): Promise<void>;
  /**
   * Accepts nothing more, lets what is in flight end, and closes.
   *
   * @param limitMs - after so long all connections are cut.
   */
  drain(limitMs?: number): Promise<void>;
}

/**
 * Starts a listener.
 *
 * @throws the error of the system where the address cannot be bound or a TLS file cannot be read.
 */
export async function startListener(
  config: ListenerConfig,
  app: HttpApp,
  hooks: ListenerHooks = {},
): Promise<Listener> {
  const { tls } = config;
  const handle = getRequestListener((request, env) => app.fetch(request, httpBindings(env)));
  const limit = config.rate === undefined ? undefined : createRateLimit(config.rate);
  const allowed = config.allow === undefined ? undefined : blockListOf(config.allow);
  let drained: Promise<void> | undefined;

  const onRequest: RequestListener = (incoming, outgoing) => {
    if (drained !== undefined) outgoing.shouldKeepAlive = false;
    if (limit !== undefined && !limit.take(incoming.socket.remoteAddress ?? "")) {
      hooks.onRejected?.("rate");
      const small = Number(incoming.headers["content-length"] ?? Number.NaN) <= SMALL_BODY_BYTES;
      const bodiless = incoming.method === "GET" || incoming.method === "HEAD";
      const connection = small || bodiless ? {} : { connection: "close" };
      outgoing.writeHead(429, { "content-length": "0", "retry-after": "1", ...connection }).end();
      return;
    }
    void handle(incoming, outgoing);
  };

  const common: http.ServerOptions = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  };
  const secure =
    tls === undefined
      ? undefined
      : https.createServer(
          {
            ...common,
            ...(await readTls(tls)),
            minVersion: "TLSv1.2",
            handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
            requestCert: tls.client_ca !== undefined,
            rejectUnauthorized: tls.client_ca !== undefined,
          },
          onRequest,
        );
  const server = secure ?? http.createServer(common, onRequest);
  server.maxConnections = MAX_CONNECTIONS;

  // The server's own handlers run only for peers that may connect: for a stranger not even TLS begins.
  const sockets = new Set<Socket>();
  const accept = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (allowed !== undefined && !contains(allowed, socket.remoteAddress)) {
      hooks.onRejected?.("network");
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    for (const listener of accept) Reflect.apply(listener, server, [socket]);
  });
  const silent = new Set<TLSSocket | Socket>();
  server.on(secure === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });

  server.listen({ host: config.address.host, port: config.address.port });
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : config.address.port;
  const address = addressText(config.address.host, port);

  return {
    address,
    port,
    url: `${secure === undefined ? "http" : "https"}://${address}`,
    async reloadTls() {
      if (secure !== undefined && tls !== undefined) secure.setSecureContext(await readTls(tls));
    },
    drain(limitMs = DRAIN_LIMIT_MS) {
      drained ??= drain(limitMs);
      return drained;
    },
  };

  async function drain(limitMs: number): Promise<void> {
    const closed = once(server, "close");
    server.close();
    // Node keeps a connection open after its answer, and counts one that never spoke as busy.
    const step = (): void => {
      server.closeIdleConnections();
      for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
    };
    step();
    const steps = setInterval(step, DRAIN_STEP_MS);
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, limitMs);
    await closed;
    clearInterval(steps);
    clearTimeout(cut);
  }
}

async function readTls(files: TlsFiles): Promise<SecureContextOptions> {
  const [cert, key, ca] = await Promise.all([
    readFile(files.cert),
    readFile(files.key),
    files.client_ca === undefined ? undefined : readFile(files.client_ca),
  ]);
  return { cert, key, ...(ca === undefined ? {} : { ca }), minVersion: "TLSv1.2" };
}

function blockListOf(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const { address, prefix, family } of networks) list.addSubnet(address, prefix, family);
  return list;
}

/** IPv4 peers of a dual-stack socket come as `::ffff:10.0.0.1`; they are judged as IPv4. */
function contains(networks: BlockList, remote: string | undefined): boolean {
  if (remote === undefined) return false;
  const plain = remote.replace(/^::ffff:(?=[0-9.]+$)/i, "").replace(/%.*$/, "");
  return networks.check(plain, plain.includes(":") ? "ipv6" : "ipv4");
}

/** The adapter's bindings may be HTTP/2's by type; these servers speak HTTP/1.1. */
function httpBindings(env: object): HttpBindings {
  if ("incoming" in env && env.incoming instanceof http.IncomingMessage) return env as HttpBindings;
  throw new TypeError("a request of another kind of server");
}
