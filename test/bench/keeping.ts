/** What a ledger costs that is kept: verifying it, and the disk that it takes, in time and for a year. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { compressBodies, pruneBodies } from "../../src/ledger/retention.ts";
import { verifyLedger } from "../../src/ledger/verify.ts";
import { SampleDecisions, timeOf } from "./sample-decisions.ts";

const VERIFIED = { withoutBodies: 100_000, withBodies: 40_000 } as const;
const MEASURED = 5_000;
/** Bodies that one transaction compresses or prunes. */
const STEP = 256;
/** For so long bodies stay plain. */
const FRESH_HOURS = 1;
const SETTINGS = [
  { aDay: 1_000, days: 30 },
  { aDay: 1_000, days: 365 },
  { aDay: 100_000, days: 30 },
  { aDay: 100_000, days: 365 },
] as const;

type Print = (line: string) => void;

/** Prints a table of each. */
export async function measureKeeping(print: Print): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "countersign-keeping-"));
  try {
    const sample = await SampleDecisions.create();
    print("\nledger verify, all cores (decisions of the demo's transfer):");
    await measureVerify(print, sample, join(directory, "rows.db"), VERIFIED.withoutBodies, false);
    await measureVerify(print, sample, join(directory, "bodies.db"), VERIFIED.withBodies, true);
    await measureDisk(print, sample, join(directory, "disk.db"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureVerify(
  print: Print,
  sample: SampleDecisions,
  file: string,
  count: number,
  withBody: boolean,
): Promise<void> {
  await sample.write(file, count, withBody);
  for (const deep of [false, true]) {
    const cpu = process.cpuUsage();
    const started = performance.now();
    const { ok, rows, problems } = await verifyLedger(file, { anchor: undefined, key: undefined, deep });
    const seconds = (performance.now() - started) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const name = `${rows} rows ${withBody ? "with" : "without"} bodies${deep ? ", deep" : ""}`;
    const rate = (rows / seconds).toFixed(0).padStart(7);
    const ofCpu = ((rows * 1e6) / (user + system)).toFixed(0).padStart(7);
    const resident = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
    print(
      `  ${name.padEnd(40)} ${rate}/s  ${ofCpu} a second of CPU  resident ${resident} MB${ok ? "" : `  BAD: ${problems[0]?.what}`}`,
    );
  }
}

/** Bytes a decision takes, by what became of its body. */
interface Bytes {
  readonly fresh: number;
  readonly compressed: number;
  readonly pruned: number;
}

async function measureDisk(print: Print, sample: SampleDecisions, file: string): Promise<void> {
  await sample.write(file, MEASURED, true);
  const database = new Libsql(file);
  const used = () => {
    const sql = `SELECT (page_count - freelist_count) * page_size
      FROM pragma_page_count, pragma_freelist_count, pragma_page_size`;
    return Number(database.prepare(sql).raw(true).all().flat()[0]) / MEASURED;
  };
  const fresh = used();
  const end = timeOf(MEASURED + 1);
  for (let next = 1, done = false; !done; ) ({ next, done } = compressBodies(database, next, end, STEP));
  const compressed = used();
  while (pruneBodies(database, end, STEP) === STEP);
  const bytes: Bytes = { fresh, compressed, pruned: used() };
  database.close();
  print(
    `\nThe ledger's file, bytes a decision: ${Object.entries(bytes)
      .map(([name, size]) => `${name} ${size.toFixed(0)}`)
      .join(", ")}`,
  );
  print("| decisions a day | inputs kept | after 30 days | after 365 days | each further year |");
  print("|---|---|---|---|---|");
  for (const { aDay, days } of SETTINGS) {
    const cells = [30, 365].map((age) => gigabytes(sizeAfter(bytes, aDay, days, age)));
    const more = gigabytes(365 * aDay * bytes.pruned);
    print(`| ${aDay.toLocaleString("en")} | ${days} days | ${cells.join(" | ")} | ${more} |`);
  }
}

/** What a ledger takes at an age of so many days whose inputs are kept for `days`. */
function sizeAfter(bytes: Bytes, aDay: number, days: number, age: number): number {
  const fresh = (aDay * FRESH_HOURS) / 24;
  const kept = aDay * Math.min(age, days);
  const pruned = aDay * Math.max(0, age - days);
  return fresh * (bytes.fresh - bytes.compressed) + kept * bytes.compressed + pruned * bytes.pruned;
}

function gigabytes(size: number): string {
  const gb = size / 1e9;
  return `${gb >= 10 ? gb.toFixed(0) : gb.toFixed(gb >= 1 ? 1 : 2)} GB`;
}
