/** Many requests to one server process over kept connections, and what its memory does meanwhile. */
import type { RunningProcess } from "../support/installation.ts";

/** Whether the long form is asked for (`make soak`). */
export const LONG = process.env["COUNTERSIGN_SOAK"] === "long";

const IN_FLIGHT = 32;
const SAMPLES = 120;
const MIB = 1024 * 1024;

/** @property rss - of the server, in MiB, evenly spread over the requests. */
export interface LoadFigures {
  readonly count: number;
  readonly seconds: number;
  readonly rss: readonly number[];
}

/**
 * Calls `one` for each number below `count`, so many at once. The first failure ends it.
 *
 * @param one - sends one request and holds its answer against what it has to be.
 */
export async function load(
  count: number,
  running: RunningProcess,
  one: (index: number) => Promise<void>,
): Promise<LoadFigures> {
  const rss: number[] = [];
  const every = Math.max(1, Math.floor(count / SAMPLES));
  const started = performance.now();
  let next = 0;
  let stopped = false;
  const worker = async (): Promise<void> => {
    while (next < count && !stopped) {
      const index = next++;
      await one(index);
      if (index % every === 0) {
        rss.push(await residentMiB(running));
        trimLog(running);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  } finally {
    stopped = true;
  }
  return { count, seconds: (performance.now() - started) / 1000, rss };
}

/** Drops old lines, so that the test's own memory stays flat too; what went wrong is kept. */
function trimLog({ log }: RunningProcess): void {
  const old = log.splice(0, Math.max(0, log.length - 1_000));
  log.unshift(...old.filter(({ level }) => level === "error" || level === "fatal"));
}

/** The server's resident memory, in MiB, by its own metrics. */
export async function residentMiB({ addresses }: RunningProcess): Promise<number> {
  const text = await (await fetch(`http://${addresses.admin}/metrics`)).text();
  const [, bytes] = /^countersign_process_resident_memory_bytes (\S+)$/m.exec(text) ?? [];
  if (bytes === undefined) throw new Error("the metrics do not say how much memory there is");
  return Number(bytes) / MIB;
}

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * Medians of the first and the last quarter of what comes after the warm-up.
 *
 * @param warmUp - its share: heap and caches grow to their size, however long the load is.
 */
export function memoryTrend(
  { rss }: Pick<LoadFigures, "rss">,
  warmUp = 1 / 8,
): { readonly first: number; readonly last: number } {
  const warm = rss.slice(Math.floor(rss.length * warmUp));
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  return { first: median(warm.slice(0, quarter)), last: median(warm.slice(-quarter)) };
}

/** How far memory may rise between the two: a fifth, or 30 MiB. */
export const allowedRise = (first: number): number => Math.max(first * 0.2, 30);

/** A line for whoever runs the soak. */
export function printFigures(name: string, figures: LoadFigures, more = ""): void {
  const { first, last } = memoryTrend(figures);
  const rate = (figures.count / figures.seconds).toFixed(0);
  const peak = Math.max(...figures.rss).toFixed(0);
  process.stdout.write(
    `${name}: ${figures.count} requests in ${figures.seconds.toFixed(1)} s (${rate}/s), ` +
      `memory ${first.toFixed(0)} MiB in the first quarter, ${last.toFixed(0)} in the last, ${peak} at most${more}\n`,
  );
}

/** Connections for {@link load}. */
export const CONNECTIONS = IN_FLIGHT;
