/** Threads of this process. */
import { createRequire } from "node:module";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** What runs in a thread, by its name in `package.json`: always the built file, whoever starts it. */
type ThreadFile = "#ledger-writer-worker" | "#policy-worker" | "#release-reader-worker" | "#signer-worker";

/**
 * Starts a thread that sees nothing of this process but what it is handed: no environment, no flags.
 *
 * @throws Error where the system has no thread to give.
 */
export function startThread(file: ThreadFile, options: WorkerOptions): Worker {
  const path = createRequire(import.meta.url).resolve(file);
  return new Worker(path, { ...options, env: {}, execArgv: [] });
}
