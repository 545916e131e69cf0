/**
 * The worker thread that runs a policy: all of a release's code runs here and nowhere else.
 *
 * It may be started before there is a release for it. Its first message brings one: it loads the module and its data,
 * refuses what it can't run, warms each entrypoint (V8 compiles a function when it is first called) and then answers
 * batches. When a policy throws, it answers what it has, names the error, makes itself a new instance and says `ready`
 * again; what was left of the batch is the host's to send elsewhere. It imports no schemas: its start is part of every
 * start and of every recovery.
 */
import { parentPort } from "node:worker_threads";
import { messageOf } from "../thrown.ts";
import type { ReleaseStep } from "./release.ts";
import { PolicyInstance } from "./wasm-instance.ts";
import { type MemoryPages, memoryFor } from "./wasm-memory.ts";
import { type Batch, type FromWorker, type WorkerBoot, WorkerStatus } from "./worker-protocol.ts";

// What a policy prints is nobody's. A host that reads it can't end before the worker, and unread it piles up.
process.stdout.write = () => true;
process.stderr.write = () => true;

function post(message: FromWorker): void {
  parentPort?.postMessage(message);
}

class Refused extends Error {
  readonly step: ReleaseStep;
  readonly passes: boolean;

  constructor(step: ReleaseStep, message: string, passes = false) {
    super(message);
    this.step = step;
    this.passes = passes;
  }
}

async function attempt<T>(step: ReleaseStep, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw new Refused(step, messageOf(thrown), isWithoutMemory(thrown));
  }
}

/** What a policy's memory may be was checked before: here the machine has not as much. V8 has no other sign of it. */
function isWithoutMemory(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message.includes("could not allocate memory");
}

class PolicyWorker {
  readonly #boot: WorkerBoot;
  readonly #data: Uint8Array;
  readonly #status: WorkerStatus;
  #pages: MemoryPages | undefined;
  #round = 0;
  #instance: PolicyInstance | undefined;

  constructor(boot: WorkerBoot) {
    this.#boot = boot;
    this.#data = new Uint8Array(boot.data);
    this.#status = new WorkerStatus(boot.status);
    void this.#start(async () => this.#warmUp(await this.#load()));
  }

  answer(batch: Batch): void {
    if (batch.round !== this.#round || this.#instance === undefined) return;
    const texts: string[] = [];
    for (const { entrypoint, input } of batch.questions) {
      this.#status.begin(batch.first + texts.length);
      try {
        texts.push(this.#instance.evaluate(entrypoint, input));
      } catch (thrown) {
        this.#status.end();
        this.#round += 1;
        post({ type: "answers", texts, thrown: messageOf(thrown) });
        void this.#start(() => this.#load());
        return;
      }
    }
    this.#status.end();
    post({ type: "answers", texts });
  }

  async #start(make: () => Promise<PolicyInstance>): Promise<void> {
    try {
      this.#instance = await make();
      post({ type: "ready" });
    } catch (thrown) {
      const message = messageOf(thrown);
      const { step, passes } =
        thrown instanceof Refused ? thrown : { step: "warm_up" as const, passes: false };
      post({ type: "refused", step, message, passes });
    }
  }

  async #load(): Promise<PolicyInstance> {
    const { module, entrypoints } = this.#boot;
    this.#pages ??= await attempt("data", () => memoryFor(this.#data));
    const pages = this.#pages;
    const instance = await attempt("archive", () => PolicyInstance.create(module, pages));
    const builtins = await attempt("archive", () => instance.builtins());
    if (builtins.length > 0) {
      throw new Refused(
        "builtins",
        `the policy needs built-ins that are not provided: ${builtins.sort().join(", ")}`,
      );
    }
    const known = instance.entrypoints();
    const missing = entrypoints.filter((entrypoint) => !known.includes(entrypoint));
    if (missing.length > 0) throw new Refused("entrypoints", `the module lacks ${missing.join(", ")}`);
    await attempt("data", () => {
      const copy = new ArrayBuffer(this.#data.byteLength);
      new Uint8Array(copy).set(this.#data);
      instance.setData(copy);
    });
    return instance;
  }

  /** A rule that throws here met a document that never comes: it costs an instance, not the release. */
  async #warmUp(fresh: PolicyInstance): Promise<PolicyInstance> {
    let instance = fresh;
    for (const { entrypoint, input } of this.#boot.warmUp) {
      try {
        instance.evaluate(entrypoint, input);
      } catch {
        instance = await this.#load();
      }
    }
    return instance;
  }
}

parentPort?.once("message", (boot: WorkerBoot) => {
  const worker = new PolicyWorker(boot);
  parentPort?.on("message", (batch: Batch) => worker.answer(batch));
});
