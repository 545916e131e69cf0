/**
 * One request a connection over raw sockets, each with the moment at which its answer had come, and the moments at
 * which the server gave its bytes to the kernel: both by the machine's monotonic clock, in nanoseconds.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { form } from "../support/caller.ts";

/**
 * Loaded before the server: the moment of each write to a socket, with the connection's ports. All are made by one
 * thread, and the kernel takes small ones at once: the order of these moments is the order in which bytes left.
 */
const PRELOAD = `
  import { appendFileSync } from "node:fs";
  import { Socket } from "node:net";
  for (const name of ["_write", "_writev"]) {
    const original = Socket.prototype[name];
    Socket.prototype[name] = function (...parts) {
      const at = process.hrtime.bigint();
      const result = original.apply(this, parts);
      if (this.remotePort !== undefined) {
        appendFileSync(process.env.COUNTERSIGN_TEST_WRITES, \`\${this.remotePort}-\${this.localPort} \${at}\\n\`);
      }
      return result;
    };
  }`;

/** The environment of a server whose writes are noted. @param write - puts a file beside the config. */
export function notedWrites(write: (name: string, text: string) => string): {
  readonly environment: Record<string, string>;
  /** Forgets those so far: ports are used again. */
  readonly forget: () => void;
  /** By the connection's ports: when its last bytes left. */
  readonly read: () => ReadonlyMap<string, bigint>;
} {
  const file = write("writes", "");
  return {
    environment: {
      NODE_OPTIONS: `--import=${write("writes.mjs", PRELOAD)}`,
      COUNTERSIGN_TEST_WRITES: file,
    },
    forget: () => writeFileSync(file, ""),
    read: () => {
      const lines = readFileSync(file, "utf8").trim().split("\n");
      return new Map(
        lines.map((line) => {
          const [ports = "", at = ""] = line.split(" ");
          return [ports, BigInt(at)];
        }),
      );
    },
  };
}

/**
 * @property ports - the client's, which may have the same for two listeners at once, and the server's.
 * @property body - of the answer; absent where the connection was cut off.
 */
export interface RawAnswer {
  readonly ports: string;
  readonly status: number | undefined;
  readonly body: string | undefined;
  readonly at: bigint;
}

export class RawConnection {
  readonly #socket: Socket;
  readonly #ports: string;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#ports = `${socket.localPort}-${socket.remotePort}`;
  }

  static open(address: string): Promise<RawConnection> {
    const colon = address.lastIndexOf(":");
    return new Promise((resolve, reject) => {
      const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
      socket.setNoDelay(true);
      socket.once("connect", () => resolve(new RawConnection(socket)));
      socket.once("error", reject);
    });
  }

  /** Sends one request and reads to the end of the connection. */
  send(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<RawAnswer> {
    const socket = this.#socket;
    const lines = Object.entries({
      host: "test",
      connection: "close",
      "content-length": String(Buffer.byteLength(body)),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}`);
    return new Promise((resolve) => {
      let text = "";
      let at = 0n;
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        at = process.hrtime.bigint();
      });
      socket.on("error", () => {});
      socket.once("close", () => {
        const [head = "", rest] = text.split("\r\n\r\n", 2);
        const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(head) ?? [];
        resolve({
          ports: this.#ports,
          status: status === undefined ? undefined : Number(status),
          body: rest,
          at,
        });
      });
      socket.write(`POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
    });
  }

  sendToken(token: string): Promise<RawAnswer> {
    return this.send("/v2/check", { "content-type": "application/x-www-form-urlencoded" }, form(token));
  }
}
