/**
 * The work of the proving thread of `proof-aside.ts`. It hears what is to be proven, and makes ready what it will ask; when
 * it is told that there is an engine, it has the release prove itself, and says that it is proven, or what refused it.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Evaluation, Evaluator } from "../policy/evaluation.ts";
import { LiveRelease } from "../policy/live.ts";
import { compileReads } from "../policy/reads.ts";
import { PassingReleaseError, type Provable, ReleaseError } from "../policy/release.ts";
import type { Entrypoint } from "../policy/rule-index.ts";
import { messageOf } from "../thrown.ts";
import { type FromProving, type ProvingOrder, refusedOf, type ToProving } from "./proof-protocol.ts";
import { proverOf } from "./prove.ts";

type Order = Extract<ToProving, { type: "prove" }>;

const { context, parsed }: ProvingOrder = workerData;

function post(message: FromProving): void {
  parentPort?.postMessage(message);
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

/** There is an engine, and what its rules ask of history. */
function ordered(engine: DistantEngine): Promise<Order> {
  return new Promise((resolve) => {
    parentPort?.on("message", (message: ToProving) => {
      if (message.type === "answer") engine.answered(message.id, message.evaluation);
      else resolve(message);
    });
  });
}

async function prove(): Promise<void> {
  const engine = new DistantEngine();
  const order = ordered(engine);
  const release = await new Promise<Provable>((resolve) => parsed.once("message", resolve));
  const proven = proverOf(context).prepare(release.hostData);
  const reads = compileReads(release.index);
  const { queries, activatedAt } = await order;
  await proven(
    new LiveRelease({ release, reads, engine, queries, activatedAt, source: "proof" }),
    release.cases,
  );
  post({ type: "proven" });
}

try {
  await prove();
} catch (thrown) {
  // What is no refusal is a fault of ours.
  post(
    refusedOf(
      thrown instanceof ReleaseError ? thrown : new PassingReleaseError("guard", messageOf(thrown), thrown),
    ),
  );
}
