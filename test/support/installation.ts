/**
 * A throw-away installation for black-box tests: keys, a config and a state folder of its own, and the real
 * server process on real ports.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stringify } from "yaml";
import { type KeyPair, keyPair } from "./key-pairs.ts";

/** Tests and benchmarks run from the project root. */
const ROOT = process.cwd();
export const MAIN = join(ROOT, "dist/cli/main.js");
/** What `npx countersign` runs. */
export const COMMAND = join(ROOT, "dist/cli/countersign");
export const BUNDLES = join(ROOT, "bundles");
/** The demo's rules and data without limits per day: see `build.ts`. */
export const TEST_RELEASE = join(ROOT, "build/test-release.tar.gz");
/** The data of that release. */
export const TEST_DATA = join(ROOT, "build/test-policies/data.yaml");
/** Dollars for one whole unit. */
export const PRICES: Readonly<Record<string, string>> = {
  ETH: "3000",
  ETH_USDT: "1",
  TRON_USDT: "1",
  BTC: "60000",
  SOL_USDC: "1",
  MNT: "1",
};
/** A folder of Rego is built first. */
const START_LIMIT_MS = 60_000;

/** A line of the server's log, parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface Addresses {
  readonly nodes: string;
  readonly admin: string;
  readonly push?: string;
}

export class RunningProcess {
  readonly child: ChildProcess;
  readonly addresses: Addresses;
  readonly log: LogLine[];

  constructor(child: ChildProcess, addresses: Addresses, log: LogLine[]) {
    this.child = child;
    this.addresses = addresses;
    this.log = log;
  }

  /** Ends the process as an operator would; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    // Not `exit`: what it said last may still be on its way then.
    const ended = new Promise<number | null>((resolve) => this.child.once("close", (code) => resolve(code)));
    this.child.kill(signal);
    return ended;
  }
}

export class Installation {
  readonly folder: string;
  readonly server: KeyPair;
  readonly node: KeyPair;
  readonly config: Record<string, unknown>;
  #running: RunningProcess[] = [];

  constructor(overrides: Record<string, unknown> = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "countersign-test-"));
    this.server = keyPair();
    this.node = keyPair();
    this.write("server.pem", this.server.privatePem);
    this.write("node.pub", this.node.publicPem);
    this.write("sanctions.csv", "address,name\n0x00000000000000000000000000000000deadbeef,somebody\n");
    this.writePrices();
    this.config = {
      listen: { nodes: "127.0.0.1:0", admin: "127.0.0.1:0" },
      state_dir: "./state",
      signing_key: "./server.pem",
      nodes: [{ name: "node-1", callback_public_keys: ["./node.pub"] }],
      policy: { release: TEST_RELEASE, trust: "unsigned" },
      lists: { sanctions: "./sanctions.csv" },
      prices: { file: "./prices.json", max_age: "24h" },
      ...overrides,
    };
  }

  write(name: string, content: string | Uint8Array): string {
    const file = join(this.folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  /** Dollars for one whole unit, as of now. */
  writePrices(prices: Readonly<Record<string, string>> = PRICES): string {
    const at = Date.now();
    const stated = Object.fromEntries(Object.entries(prices).map(([token, usd]) => [token, { usd, at }]));
    return this.write("prices.json", JSON.stringify(stated));
  }

  writeConfig(): string {
    return this.write("countersign.yaml", stringify(this.config));
  }

  /**
   * Starts `countersign serve` and waits for its line `listening`.
   *
   * @param under - a command that runs the server, such as `taskset -c 0`.
   */
  async start(
    environment: Record<string, string> = {},
    under: readonly string[] = [],
  ): Promise<RunningProcess> {
    const [command = COMMAND, ...args] = [...under, COMMAND, "serve", "--config", this.writeConfig()];
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log: LogLine[] = [];
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const addresses = await new Promise<Addresses>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not listening in time: ${errors}`)), START_LIMIT_MS);
      child.once("exit", (code) => reject(new Error(`server ended with ${code}: ${errors}`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        const entry: LogLine = JSON.parse(line);
        log.push(entry);
        if (entry["msg"] !== "listening") return;
        clearTimeout(timer);
        resolve(entry["addresses"] as Addresses);
      });
    });
    const running = new RunningProcess(child, addresses, log);
    this.#running.push(running);
    return running;
  }

  /** Stops what still runs and removes the folder. */
  async remove(): Promise<void> {
    await Promise.all(this.#running.map((running) => running.stop("SIGKILL")));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
