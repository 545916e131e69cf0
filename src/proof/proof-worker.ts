/**
 * The thread behind `proof-thread.ts`. It unpacks one archive, checks it, and says what is in it; when it is told that there
 * is an engine, it has the release prove itself, and says that it is proven, or what refused it.
 */
import { constants, getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { Evaluation, Evaluator } from "../policy/evaluation.ts";
import { readRelease } from "../policy/read-release.ts";
import { LateReleaseError, PassingReleaseError, type Release, ReleaseError } from "../policy/release.ts";
import type { Entrypoint } from "../policy/rule-index.ts";
import { messageOf } from "../thrown.ts";
import type { FromProof, ProofOrder, ToProof } from "./proof-protocol.ts";

const order: ProofOrder = workerData;

function post(message: FromProof): void {
  parentPort?.postMessage(message);
}

/**
 * Requests come first. On Linux the priority is this thread's, and that of each thread which it starts (sched(7));
 * elsewhere it would be the whole process's.
 */
function giveWay(): void {
  if (process.platform !== "linux") return;
  const { PRIORITY_BELOW_NORMAL } = constants.priority;
  try {
    if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL);
  } catch {
    // Some sandbox forbids it: then it takes its turn like all others.
  }
}

/** The engine that will decide, which the host has. It ends with this thread. */
class DistantEngine implements Evaluator {
  readonly closed = false;
  readonly #asked = new Map<number, (evaluation: Evaluation) => void>();
  #last = 0;

  evaluate(entrypoint: Entrypoint, input: string): Promise<Evaluation> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      post({ type: "ask", id, entrypoint, input });
    });
  }

  answered(id: number, evaluation: Evaluation): void {
    this.#asked.get(id)?.(evaluation);
    this.#asked.delete(id);
  }

  async close(): Promise<void> {}
}

/** Loaded, and made ready, while the host waits for its engine: reading needs none of it. */
async function prepare(release: Release) {
  const [{ proverOf }, { LiveRelease }, { compileReads }] = await Promise.all([
    import("./prove.ts"),
    import("../policy/live.ts"),
    import("../policy/reads.ts"),
  ]);
  const prove = proverOf(order.context).prepare(release.hostData);
  return async (engine: Evaluator, { queries, activatedAt }: Extract<ToProof, { type: "prove" }>) => {
    const reads = compileReads(release.index);
    await prove(
      new LiveRelease({ release, reads, engine, queries, activatedAt, source: "proof" }),
      release.cases,
    );
    post({ type: "proven" });
  };
}

/** An archive is to blame for whatever its reading throws. After that, what is no refusal is a fault of ours. */
function refuse(thrown: unknown, isRead: boolean): void {
  const message = messageOf(thrown);
  if (!(thrown instanceof ReleaseError)) {
    const about = isRead
      ? ({ step: "guard", lasts: "passing" } as const)
      : ({ step: "archive", lasts: "always" } as const);
    post({ type: "refused", message, ...about });
    return;
  }
  const isPassing = thrown instanceof PassingReleaseError;
  const lasts = thrown instanceof LateReleaseError ? "late" : isPassing ? "passing" : "always";
  post({ type: "refused", step: thrown.step, message, lasts });
}

async function read(): Promise<void> {
  const release = await readRelease(order.archive, order.sha256, (runnable) =>
    post({ type: "unpacked", runnable }),
  );
  const engine = new DistantEngine();
  const prepared = prepare(release);
  parentPort?.on("message", (message: ToProof) => {
    if (message.type === "answer") engine.answered(message.id, message.evaluation);
    else prepared.then((prove) => prove(engine, message)).catch((error: unknown) => refuse(error, true));
  });
  post({ type: "read", release });
  await prepared.catch((error: unknown) => refuse(error, true));
}

if (order.givesWay) giveWay();
await read().catch((error: unknown) => refuse(error, false));
