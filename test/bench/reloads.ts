/**
 * What a release costs that goes live: how long it takes, what the decisions of that time feel of it, what memory stays.
 *
 * Releases are signed by two keys, as in production: each one is checked, kept on the disk and entered into the ledger.
 * The server has both cores, and shares one with the load: on one core it would only be seen that there is one.
 */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readArchive, writeArchive } from "../../src/policy/archive.ts";
import { Installation, type RunningProcess, TEST_RELEASE } from "../support/installation.ts";
import { type PublisherKey, publisherKey, says, statementOf } from "../support/publisher.ts";
import { load, type Measured, residentMegabytes } from "./server-load.ts";

const DATA_BYTES = 10_000_000;
const RELOADS = 50;
const ARRIVALS = 5;
/** So long is one run under load; p99.9 needs some thousands of requests. */
const SECONDS = 60;
const POLL_SECONDS = 2;
/** Until the engines of what was live have ended. */
const SETTLE_MS = 10_000;
const LIVE_LIMIT_MS = 60_000;

type Print = (line: string) => void;

interface Archive {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly revision: string;
}

/** The tests' release under another name, with a table that grows its data to so many bytes. */
async function archiveOf(revision: string, dataBytes = 0): Promise<Archive> {
  const files = await readArchive(readFileSync(TEST_RELEASE));
  const text = (name: string) => new TextDecoder().decode(files.get(name));
  const bytes = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  const data = JSON.parse(text("/data.json"));
  const before = text("/data.json").length;
  const entry = (at: number) => [`0x${at.toString(16).padStart(40, "0")}`, { name: "n", added_at: "1" }];
  const entryBytes = JSON.stringify(Object.fromEntries([entry(0)])).length - 1;
  const count = Math.max(0, Math.floor((dataBytes - before) / entryBytes));
  Object.assign(
    data.allowlist.ETH,
    Object.fromEntries(Array.from({ length: count }, (_, at) => entry(at + 1))),
  );
  files.set("/data.json", bytes(data));
  files.set("/.manifest", bytes({ ...JSON.parse(text("/.manifest")), revision }));
  const archive = await writeArchive(files);
  return { bytes: archive, revision, sha256: createHash("sha256").update(archive).digest("hex") };
}

/** A publisher with two keys, and the server that trusts them. */
class Published {
  readonly installation: Installation;
  readonly folder: string;
  readonly #keys: readonly PublisherKey[];
  #sequence = 0;

  /** @param release - the place that the config names; by default the file that `publish` writes. */
  constructor(keys: readonly PublisherKey[], release?: string) {
    this.#keys = keys;
    const trust = { keys: ["./one.pub", "./two.pub"], threshold: 2, audience: "production" };
    const poll = release === undefined ? "1h" : `${POLL_SECONDS}s`;
    this.installation = new Installation({
      policy: { release: release ?? "./release.tar.gz", trust, poll },
    });
    this.folder = this.installation.folder;
    for (const [at, key] of keys.entries()) {
      this.installation.write(at === 0 ? "one.pub" : "two.pub", key.publicPem);
    }
  }

  /** The archive, then its statement, each in one step. @returns its sequence. */
  async publish({ bytes, sha256, revision }: Archive): Promise<number> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const statement = await statementOf(says(sha256, { sequence, revision }), ...this.#keys);
    this.#put("release.tar.gz", bytes);
    this.#put("release.tar.gz.statement.json", statement);
    return sequence;
  }

  #put(name: string, content: Uint8Array): void {
    writeFileSync(join(this.folder, `${name}.new`), content);
    renameSync(join(this.folder, `${name}.new`), join(this.folder, name));
  }

  /** Publishes, and waits until the server says that it is live. @returns milliseconds. */
  async goLive(server: RunningProcess, archive: Archive): Promise<number> {
    const from = server.log.length;
    const sequence = await this.publish(archive);
    const published = performance.now();
    let read = from;
    while (performance.now() - published < LIVE_LIMIT_MS) {
      for (; read < server.log.length; read += 1) {
        const line = server.log[read];
        if (line?.["msg"] === "release live" && line["sequence"] === sequence)
          return performance.now() - published;
      }
      await sleep(2);
    }
    throw new Error(`not live in ${LIVE_LIMIT_MS} ms: ${JSON.stringify(server.log.at(-1))}`);
  }

  order(): Record<string, unknown> {
    const { node, server } = this.installation;
    return {
      nodeKey: this.installation.write("node.pem", node.privatePem),
      serverKey: this.installation.write("server.pub", server.publicPem),
      expect: "APPROVE",
      inFlight: 32,
    };
  }
}

/** Prints a line a measure. */
export async function measureReloads(print: Print): Promise<void> {
  const keys = [await publisherKey("ed25519"), await publisherKey("p256")];
  const [small, other] = [await archiveOf("small"), await archiveOf("other")];
  const [large, larger] = [
    await archiveOf("large", DATA_BYTES),
    await archiveOf("larger", DATA_BYTES + 1_000),
  ];
  print("\nReleases going live, signed by two keys:");
  await measureArrivals(print, keys, { small, large, larger });
  await measureUnderLoad(print, keys, [small, other]);
  await measureStaticHost(print, keys, [small, other]);
}

async function measureArrivals(
  print: Print,
  keys: readonly PublisherKey[],
  { small, large, larger }: { small: Archive; large: Archive; larger: Archive },
): Promise<void> {
  const site = new Published(keys);
  try {
    await site.publish(small);
    const server = await site.installation.start();
    const ms: number[] = [];
    for (let at = 0; at < ARRIVALS; at += 1)
      ms.push(await site.goLive(server, at % 2 === 0 ? large : larger));
    print(
      `  ${(DATA_BYTES / 1e6).toFixed(0)} MB of data, ${(large.bytes.length / 1e6).toFixed(1)} MB as a file, ` +
        `live after ${ms.map((each) => each.toFixed(0)).join(", ")} ms`,
    );
    await server.stop();
  } finally {
    await site.installation.remove();
  }
}

/** The same load without reloads and with them, in one server. */
async function measureUnderLoad(
  print: Print,
  keys: readonly PublisherKey[],
  archives: readonly [Archive, Archive],
): Promise<void> {
  const site = new Published(keys);
  try {
    await site.publish(archives[0]);
    const server = await site.installation.start();
    const order = { ...site.order(), url: `http://${server.addresses.nodes}/v2/check` };
    const top = await load(server, { ...order, warmUp: 6_000, count: 4_000 });
    const rate = top.perSecond / 2;
    const half = { ...order, warmUp: 200, rate, count: Math.ceil(rate * SECONDS) };
    const calm = await load(server, half);
    await sleep(SETTLE_MS);
    const before = residentMegabytes(server.child.pid);
    const took: number[] = [];
    let swapping = Promise.resolve();
    let running = true;
    const swaps = async () => {
      for (let at = 1; at <= RELOADS && running; at += 1) {
        took.push(await site.goLive(server, at % 2 === 0 ? archives[0] : archives[1]));
      }
    };
    const busy = await load(server, half, () => {
      swapping = swaps();
    });
    running = false;
    await swapping;
    await sleep(SETTLE_MS);
    const after = residentMegabytes(server.child.pid);
    const shown = ({ p50, p99, p999, max, wrong }: Measured) =>
      `p50 ${p50.toFixed(1)}  p99 ${p99.toFixed(1)}  p99.9 ${p999.toFixed(1)}  max ${max.toFixed(1)} ms${wrong === 0 ? "" : `  WRONG ANSWERS: ${wrong}`}`;
    print(`  ${rate.toFixed(0)}/s (half of the top), no reload:  ${shown(calm)}`);
    print(`  the same, ${took.length} reloads in a row:  ${shown(busy)}`);
    print(
      `  p99.9 with reloads is ${(busy.p999 - calm.p999).toFixed(1)} ms above that without; ` +
        `live after ${median(took).toFixed(0)} ms in the middle, ${Math.max(...took).toFixed(0)} at most`,
    );
    print(`  resident ${before.toFixed(0)} MB before the reloads, ${after.toFixed(0)} MB after`);
    await server.stop();
  } finally {
    await site.installation.remove();
  }
}

/** Files as any object store serves them, with their ETags. */
async function measureStaticHost(
  print: Print,
  keys: readonly PublisherKey[],
  archives: readonly [Archive, Archive],
): Promise<void> {
  let root = "";
  const host = createServer((request, response) => {
    try {
      const body = readFileSync(join(root, (request.url ?? "").slice(1)));
      const etag = `"${createHash("sha256").update(body).digest("hex")}"`;
      if (request.headers["if-none-match"] === etag) response.writeHead(304, { etag }).end();
      else response.writeHead(200, { etag, "content-length": body.length }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  const address = host.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const site = new Published(keys, `http://127.0.0.1:${port}/release.tar.gz`);
  root = site.folder;
  try {
    await site.publish(archives[0]);
    const server = await site.installation.start();
    const ms: number[] = [];
    for (let at = 1; at <= ARRIVALS; at += 1) {
      ms.push(await site.goLive(server, at % 2 === 0 ? archives[0] : archives[1]));
    }
    print(
      `  on a static host, looked at every ${POLL_SECONDS} s: live after ${ms.map((each) => each.toFixed(0)).join(", ")} ms`,
    );
    await server.stop();
  } finally {
    host.close();
    await site.installation.remove();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
