/**
 * What host and worker say to each other. Both ends are ours and of one build; the policy's own words travel
 * inside as text and are parsed by the host.
 *
 * A batch carries the evaluations that were waiting when it was sent, and its answers come in one message.
 * What the worker is doing at this moment can't be told by message while a policy runs, so it stands in
 * shared memory: the number of the running evaluation (0: none) and when it began.
 */

import type { ReleaseStep } from "./release.ts";
import type { Entrypoint } from "./rule-index.ts";
import type { CompiledPolicy } from "./wasm-module.ts";

/** The first message to a worker. `data` is the release's `data.json` in UTF-8, shared by all workers. */
export interface WorkerBoot {
  readonly module: CompiledPolicy;
  readonly data: SharedArrayBuffer;
  readonly status: SharedArrayBuffer;
  readonly entrypoints: readonly Entrypoint[];
  readonly warmUp: readonly Question[];
}

export interface Question {
  readonly entrypoint: Entrypoint;
  readonly input: string;
}

/**
 * `round` grows with each instance that the worker made: a batch sent to an instance that is gone by the time
 * it arrives is dropped, because the host has sent its evaluations elsewhere.
 */
export interface Batch {
  readonly round: number;
  /** The number of the first evaluation; the others follow by one. */
  readonly first: number;
  readonly questions: readonly Question[];
}

export type FromWorker =
  | { readonly type: "ready" }
  /** With `passes` it is the machine that lacks something. */
  | {
      readonly type: "refused";
      readonly step: ReleaseStep;
      readonly message: string;
      readonly passes: boolean;
    }
  /** As many result sets as the batch had questions, or, with `thrown`, those before the one that threw. */
  | { readonly type: "answers"; readonly texts: readonly string[]; readonly thrown?: string };

const RUNNING = 0;
const SINCE = 1;

/** Milliseconds of the machine's monotonic clock, which all threads share, in 31 bits. */
function clock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds * 1000 + Math.floor(nanoseconds / 1_000_000)) & 0x7fffffff;
}

/** An evaluation that runs, and for how many milliseconds it has run. */
export interface Running {
  readonly sequence: number;
  readonly ms: number;
}

/** What a worker is running, written by the worker and read by the host. */
export class WorkerStatus {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  begin(sequence: number): void {
    Atomics.store(this.#cells, SINCE, clock());
    Atomics.store(this.#cells, RUNNING, sequence);
  }

  end(): void {
    Atomics.store(this.#cells, RUNNING, 0);
  }

  running(): Running | undefined {
    const sequence = Atomics.load(this.#cells, RUNNING);
    if (sequence === 0) return undefined;
    const ms = (clock() - Atomics.load(this.#cells, SINCE)) & 0x7fffffff;
    // The worker went on between the two loads: whatever it runs now has only just begun.
    if (Atomics.load(this.#cells, RUNNING) !== sequence) return undefined;
    return { sequence, ms };
  }
}
