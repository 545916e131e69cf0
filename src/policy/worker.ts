/**
 * The worker thread that runs a policy: all of a release's code runs here and nowhere else.
 *
 * It loads the module and its data, refuses what it can't run, warms each entrypoint (V8 compiles a function
 * when it is first called) and then answers batches. When a policy throws, it answers what it has, names the
 * error, makes itself a new instance and says `ready` again; what was left of the batch is the host's to send
 * elsewhere. It imports no schemas: its start is part of every start and of every recovery.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { ReleaseStep } from "./release.ts";
import { type MemoryPages, memoryFor, PolicyInstance, toError } from "./wasm-instance.ts";
import { type Batch, type FromWorker, type WorkerBoot, WorkerStatus } from "./worker-protocol.ts";

const boot: WorkerBoot = workerData;
const data = new Uint8Array(boot.data);
const status = new WorkerStatus(boot.status);

// What a policy prints is nobody's. A host that reads it can't end before the worker, and unread it piles up.
process.stdout.write = () => true;
process.stderr.write = () => true;

let pages: MemoryPages | undefined;

function post(message: FromWorker): void {
  parentPort?.postMessage(message);
}

class Refused extends Error {
  readonly step: ReleaseStep;

  constructor(step: ReleaseStep, message: string) {
    super(message);
    this.step = step;
  }
}

async function load(): Promise<PolicyInstance> {
  pages ??= await attempt("data", () => memoryFor(data));
  const memory = pages;
  const instance = await attempt("archive", () => PolicyInstance.create(boot.module, memory));
  const builtins = await attempt("archive", () => instance.builtins());
  if (builtins.length > 0) {
    throw new Refused(
      "builtins",
      `the policy needs built-ins that are not provided: ${builtins.sort().join(", ")}`,
    );
  }
  const entrypoints = instance.entrypoints();
  const missing = boot.entrypoints.filter((entrypoint) => !entrypoints.includes(entrypoint));
  if (missing.length > 0) throw new Refused("entrypoints", `the module lacks ${missing.join(", ")}`);
  await attempt("data", () => {
    const copy = new ArrayBuffer(data.byteLength);
    new Uint8Array(copy).set(data);
    instance.setData(copy);
  });
  return instance;
}

async function attempt<T>(step: ReleaseStep, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw new Refused(step, toError(thrown).message);
  }
}

/** A rule that throws here met a document that never comes: it costs an instance, not the release. */
async function warmUp(fresh: PolicyInstance): Promise<PolicyInstance> {
  let instance = fresh;
  for (const { entrypoint, input } of boot.warmUp) {
    try {
      instance.evaluate(entrypoint, input);
    } catch {
      instance = await load();
    }
  }
  return instance;
}

let round = 0;
let instance: PolicyInstance;

function answer(batch: Batch): void {
  if (batch.round !== round) return;
  const texts: string[] = [];
  for (const { entrypoint, input } of batch.questions) {
    status.begin(batch.first + texts.length);
    try {
      texts.push(instance.evaluate(entrypoint, input));
    } catch (thrown) {
      status.end();
      round += 1;
      post({ type: "answers", texts, thrown: toError(thrown).message });
      void start(load);
      return;
    }
  }
  status.end();
  post({ type: "answers", texts });
}

async function start(make: () => Promise<PolicyInstance>): Promise<void> {
  try {
    instance = await make();
    post({ type: "ready" });
  } catch (thrown) {
    const { message } = toError(thrown);
    post({ type: "refused", step: thrown instanceof Refused ? thrown.step : "warm_up", message });
  }
}

parentPort?.on("message", answer);
void start(async () => warmUp(await load()));
