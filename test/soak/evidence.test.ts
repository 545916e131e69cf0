/**
 * The long form of the fuzz of evidence: no input takes more than 50 ms of CPU or 64 MB, however it was made. The
 * short form in test/property only stops what hangs.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CALLS,
  calldataArbitrary,
  callWith,
  changedMaterial,
  editArbitrary,
  read,
  SAMPLES,
  type Sample,
  traps,
} from "../evidence/fuzz.ts";
import { LONG } from "./load.ts";

const CPU_MS = 50;
const MEMORY = 64 * 1024 * 1024;
const RUNS = 100_000;
const LIMIT_MS = 180_000;

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** CPU of one reading in milliseconds; the best of three, since other work on the machine is counted, too. */
function cpuOf(sample: Sample): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3 && best > CPU_MS; round += 1) {
    const before = process.cpuUsage();
    read(sample);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

function memoryOf(sample: Sample): number {
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  collect();
  const before = used();
  read(sample);
  return used() - before;
}

test.runIf(LONG)(
  "nothing takes long or much",
  () => {
    let worst = 0;
    const measure = (sample: Sample) => {
      worst = Math.max(worst, cpuOf(sample));
      expect(worst, JSON.stringify(sample.material)).toBeLessThan(CPU_MS);
    };
    for (const sample of [...SAMPLES, ...CALLS]) for (let round = 0; round < 200; round += 1) read(sample);
    for (const trap of traps()) {
      measure(trap);
      expect(memoryOf(trap), trap.name).toBeLessThan(MEMORY);
    }
    const options = { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: false };
    fc.assert(
      fc.property(editArbitrary, ({ sample, edits }) => {
        const all = [...SAMPLES, ...CALLS];
        const chosen = all[sample % all.length];
        if (chosen !== undefined) measure({ ...chosen, material: changedMaterial(chosen.material, edits) });
      }),
      options,
    );
    fc.assert(
      fc.property(calldataArbitrary, (data) => measure(callWith(data))),
      options,
    );
    process.stdout.write(`evidence: ${worst.toFixed(1)} ms of CPU at most\n`);
  },
  2 * LIMIT_MS + 120_000,
);
