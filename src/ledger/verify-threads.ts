/** Threads that do the tasks of verifications: each does one after the other, whatever ledger they are of. */
import type { Worker } from "node:worker_threads";
import { startThread } from "../thread.ts";
import type { Findings, VerifyMessage, VerifyOrder, VerifyTask } from "./verify-task.ts";

type Progress = (rows: number) => void;

const ENDED = "a thread that verifies the ledger ended";

export class VerifyThreads {
  /** How many work at once, at most: each is started when it is needed first. */
  readonly count: number;
  readonly #threads = new Map<number, VerifyThread>();

  constructor(count: number) {
    this.count = count;
  }

  /**
   * Does tasks of one verification, begun in their order. One verification at a time.
   *
   * @param progress - called with entries that were read since.
   * @throws Error where a thread can't open the file, or ends before its task is done.
   */
  async do(file: string, tasks: readonly VerifyTask[], progress: Progress): Promise<Findings[]> {
    const waiting = [...tasks];
    const findings: Findings[] = [];
    const work = async (_: unknown, at: number) => {
      try {
        for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
          findings.push(await this.#thread(at).do(file, task, progress));
        }
      } catch (error) {
        // Nobody needs what is left of it, nor this thread.
        waiting.length = 0;
        this.#threads.delete(at);
        throw error;
      }
    };
    const many = Math.min(this.count, tasks.length);
    const ended = await Promise.allSettled(Array.from({ length: many }, work));
    for (const each of ended) if (each.status === "rejected") throw each.reason;
    return findings;
  }

  /** Ends them when they have done what they are at. */
  async end(): Promise<void> {
    const threads = [...this.#threads.values()];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.end()));
  }

  #thread(at: number): VerifyThread {
    const thread = this.#threads.get(at) ?? new VerifyThread(`ledger-verify-${at}`);
    this.#threads.set(at, thread);
    return thread;
  }
}

/** It is told to end, and never terminated: see `database.ts`. */
class VerifyThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #hasEnded = false;
  #doing:
    | {
        readonly progress: Progress;
        readonly resolve: (findings: Findings) => void;
        readonly reject: (error: unknown) => void;
      }
    | undefined;

  constructor(name: string) {
    this.#worker = startThread("#ledger-verify-worker", { name });
    this.#worker.on("message", (message: VerifyMessage) => {
      if ("rows" in message) this.#doing?.progress(message.rows);
      else this.#doing?.resolve(message.findings);
    });
    this.#worker.on("error", (error) => this.#doing?.reject(error));
    this.#ended = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        this.#hasEnded = true;
        this.#doing?.reject(new Error(ENDED));
        resolve();
      });
    });
  }

  do(file: string, task: VerifyTask, progress: Progress): Promise<Findings> {
    if (this.#hasEnded) return Promise.reject(new Error(ENDED));
    return new Promise<Findings>((resolve, reject) => {
      this.#doing = { progress, resolve, reject };
      this.#tell({ file, task });
    });
  }

  async end(): Promise<void> {
    this.#tell("end");
    await this.#ended;
  }

  #tell(order: VerifyOrder): void {
    this.#worker.postMessage(order);
  }
}
