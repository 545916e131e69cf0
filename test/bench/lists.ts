/** What a list of a million addresses costs: memory, reading, how long it holds the event loop, a lookup. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { ListActivation } from "../../src/feeds/list-activation.ts";
import { FileListPlace } from "../../src/feeds/list-place.ts";
import { readListAside } from "../../src/feeds/list-reader.ts";
import { ListStore } from "../../src/feeds/list-store.ts";
import type { ListTable } from "../../src/feeds/list-table.ts";
import { ListTrust } from "../../src/policy/list-trust.ts";
import { Turns } from "../../src/turns.ts";
import { numberedAddress, writeLongList } from "../support/feeds.ts";
import { DAY_MS, publisherKey, saysOfList, statementOf } from "../support/publisher.ts";

const ENTRIES = 1_000_000;
const LOOKUPS = 200_000;
const ROUNDS = 5;
/** Coprime to the number of entries, so that neighbours in time are not neighbours in memory. */
const STRIDE = 7_919;

type Print = (line: string) => void;

/** Median over some rounds, in microseconds a lookup. */
function lookupTime(table: ListTable, addresses: readonly string[]): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = performance.now();
    for (const address of addresses) table.lookup(address);
    return ((performance.now() - before) * 1000) / addresses.length;
  });
  return rounds.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

/** The same list, signed: from its statement to the swap, and again under a statement that renews it. */
async function measureSigned(folder: string, path: string, print: Print): Promise<void> {
  const key = await publisherKey();
  const trust = new ListTrust("bench", {
    keys: [key.verifying],
    ...{ threshold: 1, audience: "production", maxLifetimeMs: 365 * DAY_MS },
  });
  const failed = (error: Error): never => {
    throw error;
  };
  const activation = new ListActivation({
    ...{ name: "bench", trust, maxAgeMs: DAY_MS, reading: new Turns(), unread: () => undefined },
    store: await ListStore.open(join(folder, "state"), { confirmEveryMs: DAY_MS, failed }),
    history: { now: Date.now, highest: () => undefined, record: async () => {} },
    onProblem: failed,
    onTaken: () => {},
  });
  const place = new FileListPlace(path);
  const sha256 = (await place.digest()) ?? "";
  for (const [sequence, what] of ["new", "renewed"].entries()) {
    const statement = await statementOf(saysOfList("bench", sha256, { sequence }), key);
    const held = monitorEventLoopDelay({ resolution: 1 });
    held.enable();
    const before = performance.now();
    await activation.offer(statement, place);
    const took = performance.now() - before;
    held.disable();
    print(
      `  signed, ${what}: in force in ${took.toFixed(0)} ms; event loop held at most ${(held.max / 1e6).toFixed(1)} ms`,
    );
  }
}

/** Prints a line a measure. */
export async function measureLists(print: Print): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  const path = join(folder, "list.csv");
  try {
    await writeLongList(path, ENTRIES);
    const addresses = (sign: 1 | -1) =>
      Array.from({ length: LOOKUPS }, (_, index) =>
        numberedAddress(sign * (((index * STRIDE) % ENTRIES) + (sign < 0 ? 1 : 0))),
      );
    const [hits, misses] = [addresses(1), addresses(-1)];
    const resident = process.memoryUsage.rss();
    const held = monitorEventLoopDelay({ resolution: 1 });
    held.enable();
    const before = performance.now();
    const { table } = await readListAside(path);
    const took = performance.now() - before;
    held.disable();
    const grown = (process.memoryUsage.rss() - resident) / 1e6;
    print(`\nA list of ${table.entries} addresses:`);
    print(`  read aside in ${took.toFixed(0)} ms; event loop held at most ${(held.max / 1e6).toFixed(1)} ms`);
    print(`  resident memory grew by ${grown.toFixed(0)} MB`);
    print(`  a lookup that hits   ${lookupTime(table, hits).toFixed(2).padStart(6)} us`);
    print(`  a lookup that misses ${lookupTime(table, misses).toFixed(2).padStart(6)} us`);
    await measureSigned(folder, path, print);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
