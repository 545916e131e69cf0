/** What writing a decision down costs, by itself: entry, body, movement, facts, names; all threads counted. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FactShape } from "../../src/input/fact-shape.ts";
import { factKey } from "../../src/input/fact-shape.ts";
import type { NewEntry } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/open.ts";

const GROUPS = [1, 16];
const WARM_UP = 4_000;
const ENTRIES = 8_000;
const READINGS = 20_000;
const WALLETS = 500;

const SHAPES: readonly FactShape[] = [
  { by: ["wallet.id"], where: { direction: "out" } },
  { by: ["wallet.id", "transaction.token"], where: { direction: "out" } },
  { by: ["transaction.destinations[].address"], where: { direction: "out" } },
  { by: ["wallet.id", "transaction.destinations[].address"], where: { direction: "out" } },
];

type Print = (line: string) => void;

/**
 * @param token - a request's token, of the length that they have.
 * @param document - a document's text.
 */
function decision(number: number, token: string, document: string): NewEntry {
  const hex = number.toString(16).padStart(64, "0");
  const wallet = `wallet-${number % WALLETS}`;
  return {
    type: "decision",
    id: `d_${String(number).padStart(26, "0")}`,
    at: 1_700_000_000_000 + number,
    row: JSON.stringify({ id: number, digest: hex, identity: hex, rules: "r".repeat(1_200) }),
    decision: {
      source: "node-1",
      requestId: `request-${hex}`,
      identity: hex,
      isAnswer: true,
      outcome: "approved",
      wallet,
      rules: ["limits/daily", "limits/destination", "APPROVED"],
      transaction: {
        organization: "organization-1",
        names: [`transaction:${number}`, `cobo:${number}`, `request:${number}`],
      },
    },
    body: { token, document },
    movements: {
      signing: hex,
      rows: [
        {
          organization: "organization-1",
          wallet,
          chain: "ETH",
          token: "ETH_USDT",
          sources: [`0x${hex.slice(24)}`],
          outpoints: [],
          destination: `0x${(number % 5_000).toString(16).padStart(40, "0")}`,
          kind: "transaction_signing",
          direction: "out",
          units: "123456789",
          usd_micros: "123456789",
        },
      ],
    },
  };
}

/** Prints a line for each size of group, and what a reading costs. */
export async function measureLedger(print: Print, token: string, document: string): Promise<void> {
  print(
    `\nThe ledger alone (token ${token.length}, document ${document.length} bytes), microseconds of CPU:`,
  );
  const directory = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  const options = {
    directory,
    minFreeBytes: 0,
    checkpointEvery: 1_000_000,
    now: Date.now,
    onEvent: () => {},
  };
  let ledger = await openLedger(options);
  await ledger.keepShapes(SHAPES);
  let number = 0;
  const write = async (count: number, group: number) => {
    for (let done = 0; done < count; done += group) {
      const entries = Array.from({ length: group }, () => {
        number += 1;
        return ledger.append(decision(number, token, document)).durable;
      });
      await Promise.all(entries);
    }
  };
  const line = (name: string, us: number) => print(`  ${name.padEnd(56)} ${us.toFixed(1).padStart(7)}`);
  await write(WARM_UP, 16);
  for (const group of GROUPS) {
    const before = process.cpuUsage();
    const started = performance.now();
    await write(ENTRIES, group);
    const { user, system } = process.cpuUsage(before);
    const waited = (performance.now() - started) / (ENTRIES / group);
    line(`one entry, in groups of ${group} (${waited.toFixed(2)} ms each)`, (user + system) / ENTRIES);
  }
  const shape = SHAPES[0];
  const before = process.cpuUsage();
  for (let reading = 0; shape !== undefined && reading < READINGS; reading += 1) {
    ledger.read((snapshot) => {
      const key = factKey([`wallet-${reading % WALLETS}`]);
      snapshot.totals(shape, key, 1_700_000_000_000 + number / 2);
    });
  }
  const { user, system } = process.cpuUsage(before);
  line("one reading with one window", (user + system) / READINGS);
  await ledger.close();
  const started = performance.now();
  ledger = await openLedger(options);
  print(`  opening it again: ${(performance.now() - started).toFixed(0)} ms`);
  await ledger.close();
  rmSync(directory, { recursive: true, force: true });
}
