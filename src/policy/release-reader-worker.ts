/** The thread behind `release-reader.ts`: one archive in, one release or the step that refused it out. */
import { parentPort, workerData } from "node:worker_threads";
import { readRelease } from "./read-release.ts";
import { ReleaseError } from "./release.ts";
import type { ReadOrder, ReadOutcome } from "./release-reader.ts";
import { toError } from "./wasm-instance.ts";

const order: ReadOrder = workerData;

async function read(): Promise<ReadOutcome> {
  try {
    return { ok: true, release: await readRelease(order.bytes, order.sha256) };
  } catch (error) {
    const step = error instanceof ReleaseError ? error.step : "archive";
    return { ok: false, step, message: toError(error).message };
  }
}

const outcome = await read();
parentPort?.postMessage(outcome, outcome.ok ? [outcome.release.wasm.buffer] : []);
