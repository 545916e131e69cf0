/** Threads of this process. */
import { createRequire } from "node:module";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { codeOf } from "./thrown.ts";

/** What runs in a thread, by its name in `package.json`: always the built file, whoever starts it. */
type ThreadFile =
  | "#download-worker"
  | "#evidence-worker"
  | "#ledger-reader-worker"
  | "#ledger-verify-worker"
  | "#ledger-writer-worker"
  | "#list-reader-worker"
  | "#policy-worker"
  | "#proving-worker"
  | "#reading-worker"
  | "#signer-worker";

/**
 * Starts a thread that sees nothing of this process but what it is handed: no environment, no flags.
 *
 * @throws Error where the system has no thread to give.
 */
export function startThread(file: ThreadFile, options: WorkerOptions): Worker {
  const path = createRequire(import.meta.url).resolve(file);
  return new Worker(path, { ...options, env: {}, execArgv: [] });
}

/**
 * The answer of a thread that was started for one job. The thread is ended, whatever comes of it.
 *
 * @param limitMs - how long the job may take.
 * @throws Error where the thread fails, ends without an answer, or takes longer.
 */
export async function answerOf<T>(worker: Worker, limitMs: number): Promise<T> {
  let limit: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
      worker.once("exit", () => reject(new Error("the thread that reads it ended")));
      limit = setTimeout(() => reject(new Error(`that takes longer than ${limitMs} ms`)), limitMs);
    });
  } finally {
    clearTimeout(limit);
    await worker.terminate();
  }
}

/** Whether a thread ended since it needed more memory than it was given. */
export function isOutOfMemory(error: unknown): boolean {
  return codeOf(error) === "ERR_WORKER_OUT_OF_MEMORY";
}
