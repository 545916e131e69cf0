/** One of the two threads of a proof, as the host sees it: what it is to come to, and why it does not. */
import type { Worker, WorkerOptions } from "node:worker_threads";
import { LateReleaseError, PassingReleaseError, ReleaseError, type ReleaseStep } from "../policy/release.ts";
import { isOutOfMemory, startThread } from "../thread.ts";
import { messageOf } from "../thrown.ts";
import { type Refused, refusalOf } from "./proof-protocol.ts";

const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 2048 };

/** @property step - at which it refuses what it can't do. @property verb - what it can't do then. */
export interface ThreadWork {
  readonly step: ReleaseStep;
  readonly verb: "read" | "proven";
}

/** `Said` is what it may say besides that it refuses. */
export class ProofThread<Result, Said extends { readonly type: string }, Told> {
  /** What it comes to. @throws {ReleaseError} the first reason why it does not. */
  readonly result: Promise<Result>;
  readonly #thread: Worker;
  readonly #work: ThreadWork;
  readonly #reached: (result: Result) => void;
  readonly #refused: (error: ReleaseError) => void;
  #limit: NodeJS.Timeout | undefined;
  /** It has come to its result, or to none, or was ended: nothing is waited for any more. */
  #isDone = false;

  /**
   * @param heard - whatever it says; `reached` says that it has come to its result.
   * @throws {PassingReleaseError} where the system has no thread to give.
   */
  constructor(
    file: Parameters<typeof startThread>[0],
    options: Pick<WorkerOptions, "name" | "workerData" | "transferList">,
    work: ThreadWork,
    heard: (message: Said, reached: (result: Result) => void) => void,
  ) {
    this.#work = work;
    [this.result, this.#reached, this.#refused] = promised<Result>();
    this.#thread = started(file, options, work);
    this.#thread.on("message", (message: Said | Refused) => {
      if (isRefused(message)) this.#refuse(refusalOf(message));
      else heard(message, (result) => this.#reach(result));
    });
    this.#thread.once("error", (error) => this.#fell(error));
    this.#thread.once("exit", () => this.#fell(new Error("its thread ended")));
  }

  /** @throws Error for what a message can't be. */
  tell(message: Told): void {
    this.#thread.postMessage(message);
  }

  /** From now on it has `ms` milliseconds. */
  within(ms: number): void {
    if (this.#isDone) return;
    const late = new Error(`that takes longer than ${ms} ms`);
    this.#limit = setTimeout(() => this.#fell(late), ms);
  }

  /** Whatever it is doing; resolves when nothing of it is left. */
  async end(): Promise<void> {
    this.#done();
    await this.#thread.terminate();
  }

  #done(): void {
    this.#isDone = true;
    clearTimeout(this.#limit);
  }

  #reach(result: Result): void {
    this.#done();
    this.#reached(result);
  }

  #fell(thrown: unknown): void {
    const { step, verb } = this.#work;
    const Refusal = isOutOfMemory(thrown) ? ReleaseError : LateReleaseError;
    this.#refuse(new Refusal(step, `it could not be ${verb}: ${messageOf(thrown)}`, thrown));
  }

  /** Of what is settled already nothing changes. */
  #refuse(error: ReleaseError): void {
    this.#done();
    this.#refused(error);
  }
}

function isRefused(message: { readonly type: string }): message is Refused {
  return message.type === "refused";
}

function started(
  file: Parameters<typeof startThread>[0],
  options: WorkerOptions,
  { step, verb }: ThreadWork,
): Worker {
  try {
    return startThread(file, { ...options, resourceLimits: RESOURCE_LIMITS });
  } catch (error) {
    throw new PassingReleaseError(step, `it could not be ${verb}: ${messageOf(error)}`, error);
  }
}

/** One that is refused before anybody waits for it is no unhandled one. */
function promised<T>(): readonly [Promise<T>, (value: T) => void, (error: ReleaseError) => void] {
  let settle: readonly [(value: T) => void, (error: ReleaseError) => void] | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = [resolve, reject];
  });
  promise.catch(() => {});
  if (settle === undefined) throw new Error("a promise calls its executor at once");
  return [promise, ...settle];
}
