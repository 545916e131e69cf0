/** One worker thread of the engine, as the host sees it. The engine decides what becomes of it. */
import type { Worker } from "node:worker_threads";
import { startThread } from "../thread.ts";
import {
  type Batch,
  type FromWorker,
  type Running,
  type WorkerBoot,
  WorkerStatus,
} from "./worker-protocol.ts";

/** What the JavaScript side of a worker may use; the policy's own memory has its own maximum. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** `fell` is called once, when the thread has ended without `end` having been called. */
export interface WorkerListener {
  said(worker: WorkerThread, message: FromWorker): void;
  fell(worker: WorkerThread, message: string): void;
}

/**
 * `preparing`: makes its instance, at start or after a throw; `ready`: may be asked; `gone`: nothing that it
 * says counts any more.
 */
export type WorkerState = "preparing" | "ready" | "gone";

/** A thread that was started before there was a release for it. */
let early: Worker | undefined;

/**
 * Starts the thread of the next worker now: it has its code loaded by the time its release is there. Where the system has
 * no thread to give, whoever needs it learns of that.
 */
export function startEarly(): void {
  if (early !== undefined) return;
  try {
    early = newThread();
  } catch {
    return;
  }
  const thread = early;
  const forget = (): void => {
    if (early === thread) early = undefined;
  };
  thread.once("exit", forget).once("error", forget);
  thread.unref();
}

function takeThread(): Worker {
  const thread = early;
  early = undefined;
  if (thread === undefined) return newThread();
  thread.removeAllListeners();
  thread.ref();
  return thread;
}

function newThread(): Worker {
  return startThread("#policy-worker", {
    name: "policy",
    stdout: true,
    stderr: true,
    resourceLimits: RESOURCE_LIMITS,
  });
}

export class WorkerThread {
  state: WorkerState = "preparing";
  /** The instance that a batch is meant for: see `Batch`. */
  round = 0;
  /** Whether it was ready once: its module and data are then not what ended it. */
  proven = false;
  readonly #status = new WorkerStatus();
  readonly #worker: Worker;
  #limit: NodeJS.Timeout | undefined;

  /** @throws Error where the system has no thread to give. */
  constructor(boot: Omit<WorkerBoot, "status">, listener: WorkerListener) {
    this.#worker = takeThread();
    const first: WorkerBoot = { status: this.#status.memory, ...boot };
    this.#worker.postMessage(first);
    let cause = "the policy worker ended";
    this.#worker.on("message", (message: FromWorker) => {
      if (this.state !== "gone") listener.said(this, message);
    });
    this.#worker.on("error", (error: unknown) => {
      cause = error instanceof Error ? `the policy worker failed: ${error.message}` : cause;
    });
    this.#worker.on("exit", () => {
      if (this.state === "gone") return;
      this.#leave();
      listener.fell(this, cause);
    });
  }

  running(): Running | undefined {
    return this.#status.running();
  }

  ask(batch: Omit<Batch, "round">): void {
    const message: Batch = { round: this.round, ...batch };
    this.#worker.postMessage(message);
  }

  /** Gives the worker `ms` milliseconds to say `ready`; the process stays alive for it. */
  prepare(ms: number, late: () => void): void {
    this.state = "preparing";
    this.#worker.ref();
    this.#limit = setTimeout(late, ms);
  }

  /** A ready worker does not keep the process alive. */
  becomeReady(): void {
    clearTimeout(this.#limit);
    this.state = "ready";
    this.proven = true;
    this.#worker.unref();
  }

  /** Ends the thread, whatever it is doing; resolves when it has ended. */
  async end(): Promise<void> {
    this.#leave();
    await this.#worker.terminate();
  }

  #leave(): void {
    clearTimeout(this.#limit);
    this.state = "gone";
  }
}
