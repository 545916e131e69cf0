/**
 * `make bench`: what a decision costs, in multiples of the RSA floor measured in the same run.
 *
 * The server is the real process with the release that the tests serve, its lists and prices, on core 0; the load
 * comes from a second process on core 1. CPU is user plus system time of all the server's threads. Ratios hold where milliseconds don't.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { buildTestRelease } from "../support/build.ts";
import { demoPayment, pastShapes } from "../support/demo-payment.ts";
import { writeHistory } from "../support/history.ts";
import { Installation } from "../support/installation.ts";
import { keyPair } from "../support/key-pairs.ts";
import { type Floor, meanOf, measureFloor, measureSecp256k1 } from "./floor.ts";
import { measureKeeping } from "./keeping.ts";
import { measureLists } from "./lists.ts";
import { ownAddresses } from "./own-addresses.ts";
import { measurePhases } from "./phases.ts";
import { measureReloads } from "./reloads.ts";
import { CAN_PIN, load, type Measured, residentMegabytes } from "./server-load.ts";

/** What a server has been through after an hour: before that the engine still compiles what it learns. */
const COUNTS: Readonly<Record<number, { warmUp: number; count: number; floor: number }>> = {
  2048: { warmUp: 12_000, count: 8000, floor: 2000 },
  4096: { warmUp: 4000, count: 1500, floor: 200 },
};
/** For a server that has had its warm-up. */
const SHORT_WARM_UP = 200;

async function startToReady(installation: Installation): Promise<number> {
  const started = performance.now();
  const server = await installation.start();
  const took = performance.now() - started;
  await server.stop();
  return took;
}

function show(name: string, measured: Measured, floor: Floor): void {
  print(
    `  ${name.padEnd(34)} ${(measured.cpuMs / floor.totalMs).toFixed(2).padStart(5)} x floor` +
      `  ${measured.cpuMs.toFixed(3)} ms CPU  ${measured.perSecond.toFixed(0).padStart(5)}/s` +
      `  p50 ${measured.p50.toFixed(1)}  p90 ${measured.p90.toFixed(1)}  p99 ${measured.p99.toFixed(1)}  max ${measured.max.toFixed(1)} ms` +
      (measured.wrong === 0 ? "" : `  WRONG ANSWERS: ${measured.wrong}`),
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * How long the event loop is held, by the server's own metric, with both cores for it: on one core the metric
 * also counts the turns that the signatures' threads take.
 */
async function showEventLoop(installation: Installation, order: Record<string, unknown>): Promise<void> {
  const server = await installation.start();
  const seconds = 25;
  const count = Math.ceil(seconds * Number(order["rate"]));
  await load(server, { ...order, url: `http://${server.addresses.nodes}/v2/check`, count });
  const metrics = await (await fetch(`http://${server.addresses.admin}/metrics`)).text();
  const held = (quantile: string) => {
    const value = new RegExp(`event_loop_delay_seconds\\{quantile="${quantile}"\\} ([0-9.e-]+)`).exec(
      metrics,
    )?.[1];
    return (Number(value) * 1000).toFixed(1);
  };
  print(
    `  event loop held, last 10 s at half of the top rate: p50 ${held("0.5")}  p99 ${held("0.99")}  max ${held("1")} ms`,
  );
  await server.stop();
}

async function benchmark(bits: number): Promise<void> {
  const counts = COUNTS[bits];
  if (counts === undefined) throw new Error(`no counts for ${bits} bits`);
  const before = measureFloor(bits, counts.floor);

  const installation = new Installation();
  const [serverKeys, nodeKeys] = [keyPair(bits), keyPair(bits)];
  installation.write("server.pem", serverKeys.privatePem);
  installation.write("node.pub", nodeKeys.publicPem);
  const order = {
    nodeKey: installation.write("node.pem", nodeKeys.privatePem),
    serverKey: installation.write("server.pub", serverKeys.publicPem),
    warmUp: counts.warmUp,
    count: counts.count,
    expect: "APPROVE",
  };
  try {
    const starts: number[] = [];
    for (let round = 0; round < 3; round += 1) starts.push(await startToReady(installation));
    const server = await installation.start({}, CAN_PIN ? ["taskset", "-c", "0"] : []);
    const url = `http://${server.addresses.nodes}/v2/check`;
    const closed = await load(server, { ...order, url, inFlight: 32 });
    // Other work on the machine moves the floor, too: it is taken before and after what is compared with it.
    const floor = meanOf(before, measureFloor(bits, counts.floor));
    print(
      `\nRSA-${bits}: floor ${floor.totalMs.toFixed(4)} ms (verify ${floor.verifyMs.toFixed(4)}, sign ${floor.signMs.toFixed(4)})`,
    );
    print(`  start to ready: ${starts.map((ms) => ms.toFixed(0)).join(", ")} ms`);
    show("closed loop, 32 in flight", closed, floor);
    const short = { ...order, url, warmUp: SHORT_WARM_UP, count: counts.count / 2 };
    show("closed loop, 1 in flight", await load(server, { ...short, inFlight: 1 }), floor);
    const half = closed.perSecond / 2;
    const open = await load(server, { ...short, inFlight: 32, rate: half });
    show(`open loop, ${half.toFixed(0)}/s (half of the top)`, open, floor);
    print(`  p99 / p50 at half of the top rate: ${(open.p99 / open.p50).toFixed(2)}`);
    print(`  resident after load: ${residentMegabytes(server.child.pid).toFixed(0)} MB`);
    await server.stop();
    await showEventLoop(installation, { ...order, warmUp: counts.warmUp / 4, inFlight: 32, rate: half });
  } finally {
    await installation.remove();
  }
}

/** What a push message costs: one verification on secp256k1, and what a deposit is judged and kept by. */
async function benchmarkPushes(): Promise<void> {
  const secret = secp256k1.utils.randomSecretKey();
  const point = Buffer.from(secp256k1.getPublicKey(secret)).toString("hex");
  const installation = new Installation({
    listen: { nodes: "127.0.0.1:0", admin: "127.0.0.1:0", push: "127.0.0.1:0" },
    push: { keys: [point] },
    lists: { sanctions: "./sanctions.csv", own_addresses: "./own-addresses.csv" },
  });
  installation.write("own-addresses.csv", ownAddresses());
  const order = {
    nodeKey: installation.write("node.pem", installation.node.privatePem),
    serverKey: installation.write("server.pub", installation.server.publicPem),
    push: Buffer.from(secret).toString("hex"),
    warmUp: 8_000,
    count: 6_000,
    inFlight: 32,
    expect: "ok",
  };
  try {
    const before = measureSecp256k1(2_000);
    const server = await installation.start({}, CAN_PIN ? ["taskset", "-c", "0"] : []);
    const measured = await load(server, { ...order, url: `http://${server.addresses.push}/push` });
    const verification = (before + measureSecp256k1(2_000)) / 2;
    const rest = (measured.cpuMs - 1.5 * verification) * 1000;
    print(`\nPushes: one secp256k1 verification ${verification.toFixed(4)} ms`);
    print(
      `  32 in flight: ${measured.cpuMs.toFixed(3)} ms CPU, which is 1.5 verifications and ${rest.toFixed(0)} µs` +
        `  ${measured.perSecond.toFixed(0)}/s  p50 ${measured.p50.toFixed(1)}  p99 ${measured.p99.toFixed(1)} ms` +
        (measured.wrong === 0 ? "" : `  WRONG ANSWERS: ${measured.wrong}`),
    );
    const metrics = await (await fetch(`http://${server.addresses.admin}/metrics`)).text();
    print(`  found: ${metrics.match(/^countersign_pushes_total.*$/gm)?.join(" ") ?? "nothing"}`);
    await server.stop();
  } finally {
    await installation.remove();
  }
}

/** Ten million take some minutes to write and 20 GB of disk: a smaller number may be given. */
const PAYMENTS = Number(process.env["COUNTERSIGN_BENCH_PAYMENTS"] ?? 10_000_000);
/** Of the busy wallet's payments, each tenth of all, so many lie in the window of a day. */
const IN_WINDOW = 100_000;
const DAY_MS = 86_400_000;
/** Requests a second, well below the top rate. */
const CALM_RATE = 150;

/** What a long past costs: the same load on an empty ledger and on one of millions of payments. */
async function measureHistory(): Promise<void> {
  const p99: number[] = [];
  for (const payments of [0, PAYMENTS]) {
    const installation = new Installation();
    const state = join(installation.folder, "state");
    mkdirSync(state);
    try {
      const started = performance.now();
      if (payments > 0) {
        const shapes = await pastShapes();
        const spacingMs = Math.ceil(DAY_MS / IN_WINDOW / 10);
        await writeHistory(state, { payments, busy: demoPayment(), spacingMs, shapes }, Date.now());
      }
      const written = performance.now() - started;
      const order = {
        nodeKey: installation.write("node.pem", installation.node.privatePem),
        serverKey: installation.write("server.pub", installation.server.publicPem),
        warmUp: 3_000,
        count: 3_000,
        expect: "APPROVE",
        inFlight: 32,
        rate: CALM_RATE,
      };
      const ready = await startToReady(installation);
      const server = await installation.start({}, CAN_PIN ? ["taskset", "-c", "0"] : []);
      const measured = await load(server, { ...order, url: `http://${server.addresses.nodes}/v2/check` });
      p99.push(measured.p99);
      print(
        `  ${payments} payments (written in ${(written / 1000).toFixed(0)} s): start ${ready.toFixed(0)} ms, ` +
          `${CALM_RATE}/s: p50 ${measured.p50.toFixed(1)} p99 ${measured.p99.toFixed(1)} ms, ` +
          `${measured.cpuMs.toFixed(3)} ms CPU${measured.wrong === 0 ? "" : `, WRONG ANSWERS: ${measured.wrong}`}`,
      );
      await server.stop();
    } finally {
      await installation.remove();
    }
  }
  const [empty = Number.NaN, long = Number.NaN] = p99;
  print(`  p99 with a past / without: ${(long / empty).toFixed(2)}`);
}

buildTestRelease();
if (process.argv.includes("--history")) {
  await measureHistory();
  process.exit();
}
if (process.argv.includes("--pushes")) {
  await benchmarkPushes();
  process.exit();
}
if (process.argv.includes("--reloads")) {
  await measureReloads(print);
  process.exit();
}
await benchmark(2048);
await benchmark(4096);
await benchmarkPushes();
await measurePhases(print);
await measureLists(print);
await measureKeeping(print);
await measureReloads(print);
print("\nA long past:");
await measureHistory();
