/**
 * Proving a release beside a server that answers. Unpacking, parsing and checking the largest takes seconds, and its cases
 * and the guard are some hundreds of decisions: no request may wait for either. A release that needs more memory than
 * reading may take ends its thread, not the server.
 *
 * The thread **unpacks** the archive, and **reads** it: all that can be checked without running it is. Meanwhile the host
 * starts an engine with what was unpacked, for which the thread **waits** when it has read. Then it **proves**: all of a
 * decision is made in the thread but what the policy says, for which it asks that very engine. At last the release is
 * **proven** or **refused**, as it may be from each of the others: there the thread has no more to do.
 */
import type { Worker } from "node:worker_threads";
import { type Evaluation, failure } from "../policy/evaluation.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { ProofAside } from "../policy/prover.ts";
import {
  LateReleaseError,
  PassingReleaseError,
  type Release,
  ReleaseError,
  type Runnable,
} from "../policy/release.ts";
import { isOutOfMemory, startThread } from "../thread.ts";
import { messageOf } from "../thrown.ts";
import type { FromProof, Lasts, ProofOrder, ToProof } from "./proof-protocol.ts";

const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 2048 };
/** The largest takes seconds. One that takes this long would keep every later release from going live. */
const READ_MS = 60_000;
/** After it was read. Its steps have limits of their own, which end it long before. */
const PROVE_MS = 120_000;

const REFUSALS: Readonly<
  Record<Lasts, new (...about: ConstructorParameters<typeof ReleaseError>) => ReleaseError>
> = {
  always: ReleaseError,
  passing: PassingReleaseError,
  late: LateReleaseError,
};

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: ReleaseError) => void;
}

export class ProofThread implements ProofAside {
  readonly release: Promise<Release>;
  readonly #thread: Worker;
  readonly #unpacked: (runnable: Runnable) => void;
  readonly #read: Settle<Release>;
  #proving: { readonly candidate: LiveRelease; readonly settle: Settle<void> } | undefined;
  /** Why there is nothing to prove any more. */
  #refused: ReleaseError | undefined;
  #limit: NodeJS.Timeout;

  /**
   * @param unpacked - as of `readRelease`.
   * @param readMs - how long reading may take.
   * @throws {PassingReleaseError} where the system has no thread to give.
   */
  constructor(order: ProofOrder, unpacked: (runnable: Runnable) => void = () => {}, readMs = READ_MS) {
    this.#unpacked = unpacked;
    [this.release, this.#read] = promised<Release>();
    this.#thread = started(order);
    this.#thread.on("message", (message: FromProof) => this.#said(message));
    this.#thread.once("error", (error) => this.#fell(error));
    this.#thread.once("exit", () => this.#fell(new Error("its thread ended")));
    this.#limit = this.#within(readMs);
  }

  readonly prove = async (candidate: LiveRelease): Promise<void> => {
    if (this.#refused !== undefined) throw this.#refused;
    const [proven, settle] = promised<void>();
    this.#proving = { candidate, settle };
    this.#limit = this.#within(PROVE_MS);
    const { queries, activatedAt } = candidate;
    this.#tell({ type: "prove", queries, activatedAt });
    await proven;
  };

  async end(): Promise<void> {
    clearTimeout(this.#limit);
    await this.#thread.terminate();
  }

  #tell(message: ToProof): void {
    this.#thread.postMessage(message);
  }

  #said(message: FromProof): void {
    if (message.type === "unpacked") {
      this.#unpacked(message.runnable);
    } else if (message.type === "read") {
      clearTimeout(this.#limit);
      this.#read.resolve(message.release);
    } else if (message.type === "ask") {
      void this.#ask(message);
    } else if (message.type === "proven") {
      clearTimeout(this.#limit);
      this.#proving?.settle.resolve();
    } else {
      this.#refuse(new REFUSALS[message.lasts](message.step, message.message));
    }
  }

  async #ask({ id, entrypoint, input }: Extract<FromProof, { type: "ask" }>): Promise<void> {
    const evaluation = await this.#proving?.candidate.engine.evaluate(entrypoint, input);
    if (evaluation !== undefined) this.#answer(id, evaluation);
  }

  /** What the policy says may be nested deeper than a message can be: then it says nothing that a decision could use. */
  #answer(id: number, evaluation: Evaluation): void {
    try {
      this.#tell({ type: "answer", id, evaluation });
    } catch (error) {
      const why = `the policy's answer could not be passed on: ${messageOf(error)}`;
      this.#tell({ type: "answer", id, evaluation: failure("POLICY_ERROR", why) });
    }
  }

  #fell(thrown: unknown): void {
    const isProving = this.#proving !== undefined;
    const message = `it could not be ${isProving ? "proven" : "read"}: ${messageOf(thrown)}`;
    const Refusal = isOutOfMemory(thrown) ? ReleaseError : LateReleaseError;
    this.#refuse(new Refusal(isProving ? "guard" : "archive", message, thrown));
  }

  /** The first reason counts; of what is settled already nothing changes. */
  #refuse(error: ReleaseError): void {
    clearTimeout(this.#limit);
    this.#refused ??= error;
    this.#read.reject(this.#refused);
    this.#proving?.settle.reject(this.#refused);
  }

  #within(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#fell(new Error(`that takes longer than ${ms} ms`)), ms);
  }
}

function started(order: ProofOrder): Worker {
  try {
    return startThread("#proof-worker", {
      workerData: order,
      name: "proof",
      resourceLimits: RESOURCE_LIMITS,
    });
  } catch (error) {
    throw new PassingReleaseError("archive", `it could not be read: ${messageOf(error)}`, error);
  }
}

/** One that is refused before anybody waits for it is no unhandled one. */
function promised<T>(): readonly [Promise<T>, Settle<T>] {
  let settle: Settle<T> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  if (settle === undefined) throw new Error("a promise calls its executor at once");
  return [promise, settle];
}
