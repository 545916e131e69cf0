/** The policy of one release at run time: questions in, answers or a named failure out, always in time. */
import { messageOf } from "../thrown.ts";
import { type Evaluation, type Evaluator, failure, readResultSet } from "./evaluation.ts";
import {
  LateReleaseError,
  PassingReleaseError,
  type Release,
  ReleaseError,
  type ReleaseStep,
  type Runnable,
} from "./release.ts";
import { ENTRYPOINTS, type Entrypoint } from "./rule-index.ts";
import { compilePolicy } from "./wasm-module.ts";
import type { FromWorker, Question, Running, WorkerBoot } from "./worker-protocol.ts";
import { type WorkerListener, WorkerThread } from "./worker-thread.ts";

/**
 * What happens to an engine that is not an answer.
 *
 * - `timeout`: an evaluation ran over its limit; its worker was ended.
 * - `instance_dropped`: the policy threw; its worker makes a new instance.
 * - `worker_lost`: a worker ended by itself, or did not start or become ready; `retryMs` is when another one starts.
 * - `spare_ready`: a worker is ready and waits behind the serving one.
 */
export type EngineEvent =
  | { readonly type: "timeout"; readonly entrypoint: Entrypoint; readonly ms: number }
  | { readonly type: "instance_dropped"; readonly entrypoint: Entrypoint; readonly message: string }
  | { readonly type: "worker_lost"; readonly message: string; readonly retryMs: number }
  | { readonly type: "spare_ready" };

/**
 * @property evaluationMs - how long one evaluation may run.
 * @property startMs - how long a worker may take to become ready, data and warm-up included; by default 15 s
 *   and one more for each megabyte of data.
 * @property workers - by default two: one serves, and one is its spare. With one, what comes after a failure waits for
 *   the next worker: enough where nobody waits for the answer.
 */
export interface EngineOptions {
  readonly evaluationMs: number;
  readonly startMs?: number;
  readonly workers?: number;
  readonly onEvent?: (event: EngineEvent) => void;
}

interface Pending extends Question {
  readonly settle: (evaluation: Evaluation) => void;
  /** How often it was in a worker's line that was lost; not counting its own faults, which end it. */
  attempts: number;
}

interface Sent {
  readonly first: number;
  readonly pending: readonly Pending[];
}

const WORKERS = 2;
const START_MS = 15_000;
const START_MS_A_MEGABYTE = 1000;
const MAX_BATCH = 16;
/** Two batches at once: the worker never waits for the host, and under load the others gather meanwhile. */
const MAX_SENT = 2;
const MAX_ATTEMPTS = 5;
/** A worker that neither runs nor answers this long is taken for lost. */
const STALL_MS = 10_000;
const RETRY_MS = 100;
const MAX_RETRY_MS = 10_000;
const GROWTH_MS = 1_500;
const MAX_SEQUENCE = 0x3fffffff;

/**
 * Two workers hold the same module and data. One **serves**; the other is the warm **spare**. A worker is
 * `preparing` (loads, warms up, or makes a new instance after a throw), `ready`, or `gone`; the serving one is
 * always `ready`, and any other that is `ready` is a spare.
 *
 * An evaluation is **waiting** in the host, then **sent** in a batch to the serving worker, which runs one
 * after the other. Its time counts from the moment it runs. It ends in exactly one of these ways:
 *
 * - its result set comes back;
 * - the policy throws in it: `POLICY_ERROR`. The worker goes to `preparing` with a new instance;
 * - it runs over `evaluationMs`: `POLICY_TIMEOUT`. The worker is ended, another one is started;
 * - the worker ends by itself (memory) while it runs: `POLICY_ERROR`, another worker is started.
 *
 * In the last three the others that were sent go back to the head of the waiting ones and a ready spare, or
 * the next worker that becomes ready, serves them. A start that fails is tried again, at once and then later
 * each time. When no worker is ready nor preparing, and after `close`, what waits is answered `POLICY_ERROR`:
 * nothing hangs.
 *
 * `close` lets what is in line be answered, then ends the workers; `abandon` ends them at once.
 */
export class PolicyEngine implements Evaluator {
  readonly #boot: Omit<WorkerBoot, "status">;
  readonly #evaluationMs: number;
  readonly #startMs: number;
  #size: number;
  readonly #onEvent: (event: EngineEvent) => void;
  readonly #workers = new Set<WorkerThread>();
  readonly #listener: WorkerListener;
  #serving: WorkerThread | undefined;
  #waiting: Pending[] = [];
  #sent: Sent[] = [];
  #sequence = 0;
  #flushing = false;
  #failedStarts = 0;
  #retry: NodeJS.Timeout | undefined;
  #growth: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #progressAt = 0;
  #closing = false;
  #idle: (() => void) | undefined;
  #started: { ready: () => void; failed: (error: ReleaseError) => void } | undefined;
  #facts: unknown;
  #wasForsaken = false;

  private constructor(boot: Omit<WorkerBoot, "status">, options: EngineOptions) {
    this.#boot = boot;
    this.#evaluationMs = options.evaluationMs;
    this.#startMs = options.startMs ?? START_MS + START_MS_A_MEGABYTE * (boot.data.byteLength / 2 ** 20);
    this.#size = options.workers ?? WORKERS;
    this.#onEvent = options.onEvent ?? (() => {});
    this.#listener = {
      said: (worker, message) => this.#said(worker, message),
      fell: (worker, message) => this.#fell(worker, message),
    };
  }

  /**
   * Starts a worker and warms it; the spare follows when that one is ready, so that they don't share the cores
   * that both need to start.
   *
   * @param unwanted - ends the start: nobody waits for it any more. On an engine that has started it has no effect.
   * @throws ReleaseError with the step that failed: `archive` (not a module), `builtins`, `entrypoints`,
   *   `data` (does not fit), `warm_up` (a worker did not become ready in time, or nobody waits for it).
   */
  static async start(
    release: Runnable,
    options: EngineOptions,
    unwanted?: AbortSignal,
  ): Promise<PolicyEngine> {
    const module = await compilePolicy(release.wasm).catch((error: unknown) => {
      throw new ReleaseError("archive", `policy.wasm is no module: ${messageOf(error)}`, error);
    });
    const boot = {
      module,
      data: release.data.buffer,
      entrypoints: ENTRYPOINTS,
      warmUp: warmUpQuestions(release.index),
    };
    const engine = new PolicyEngine(boot, options);
    try {
      await new Promise<void>((ready, failed) => {
        engine.#started = { ready, failed };
        const end = (): void =>
          failed(new LateReleaseError("warm_up", "nobody waits for its engine any more"));
        unwanted?.addEventListener("abort", end, { once: true });
        if (unwanted?.aborted === true) end();
        else engine.#spawn();
      });
      engine.#started = undefined;
      engine.#replenish(0);
      const facts = await engine.evaluate("countersign/facts", "{}");
      if (!facts.ok) throw unanswered("warm_up", facts, "countersign/facts");
      engine.#facts = facts.result;
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** What `countersign/facts` answered when the engine started; it reads no input. */
  get facts(): unknown {
    return this.#facts;
  }

  get closed(): boolean {
    return this.#closing;
  }

  /**
   * How many workers it is to have in a moment, at least as many as it has; by default as many as it is started with. Not at
   * once: requests wait for a core after a proof, and what is replaced by then needs no spare.
   */
  grow(workers = WORKERS): void {
    if (this.#closing) return;
    this.#growth = setTimeout(() => {
      this.#size = Math.max(this.#size, workers);
      this.#replenish(0);
    }, GROWTH_MS);
    this.#growth.unref();
  }

  /** Whether a question ever found no worker, nor one on its way: the machine had none to give, whatever it was. */
  get wasForsaken(): boolean {
    return this.#wasForsaken;
  }

  evaluate(entrypoint: Entrypoint, input: string): Promise<Evaluation> {
    if (this.#closing) return Promise.resolve(failure("POLICY_ERROR", "the release is no longer live"));
    if (!input.startsWith("{") || !input.endsWith("}")) {
      return Promise.resolve(failure("POLICY_ERROR", "the input is not the text of an object"));
    }
    return new Promise((settle) => {
      this.#waiting.push({ entrypoint, input, settle, attempts: 0 });
      if (this.#flushing) return;
      this.#flushing = true;
      setImmediate(() => {
        this.#flushing = false;
        this.#flush();
      });
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#growth);
    if (this.#waiting.length + this.#sent.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    clearTimeout(this.#retry);
    clearTimeout(this.#watch);
    await Promise.all([...this.#workers].map((worker) => worker.end()));
    this.#workers.clear();
  }

  /**
   * As `close`, but at once, whatever the workers are doing: nobody waits for an answer. What is in line is answered with a
   * failure.
   */
  async abandon(): Promise<void> {
    this.#closing = true;
    const pending = [...this.#sent.flatMap((batch) => batch.pending), ...this.#waiting];
    this.#sent = [];
    this.#waiting = [];
    this.#serving = undefined;
    for (const { settle } of pending) settle(failure("POLICY_ERROR", "the release is no longer live"));
    await this.close();
  }

  #spawn(): void {
    let worker: WorkerThread;
    try {
      worker = new WorkerThread(this.#boot, this.#listener);
    } catch (thrown) {
      // The system has no thread to give. At once it has none either, so the next try waits.
      this.#failedStarts = Math.max(this.#failedStarts + 1, 2);
      const message = `a policy worker could not be started: ${messageOf(thrown)}`;
      this.#replace(message, new PassingReleaseError("warm_up", message));
      return;
    }
    this.#workers.add(worker);
    this.#prepare(worker);
  }

  #prepare(worker: WorkerThread): void {
    worker.prepare(this.#startMs, () => {
      const message = `a policy worker was not ready within ${Math.round(this.#startMs)} ms: a rule runs without end, or the data is too large`;
      void worker.end();
      this.#fell(worker, message, new LateReleaseError("warm_up", message));
    });
  }

  #said(worker: WorkerThread, message: FromWorker): void {
    if (message.type === "ready") {
      worker.becomeReady();
      this.#failedStarts = 0;
      if (this.#serving === undefined) this.#serving = worker;
      else this.#emit({ type: "spare_ready" });
      this.#started?.ready();
      this.#flush();
    } else if (message.type === "refused") {
      void worker.end();
      const Refusal = message.passes ? PassingReleaseError : ReleaseError;
      this.#fell(worker, message.message, new Refusal(message.step, message.message));
    } else {
      this.#answered(worker, message.texts, message.thrown);
    }
  }

  #answered(worker: WorkerThread, texts: readonly string[], thrown: string | undefined): void {
    if (worker !== this.#serving) return;
    const batch = this.#sent.shift();
    if (batch === undefined) return;
    this.#progressAt = performance.now();
    batch.pending.slice(0, texts.length).forEach((pending, at) => {
      pending.settle(readResultSet(texts[at] ?? ""));
    });
    const rest = batch.pending.slice(texts.length);
    const thrower = rest.shift();
    if (thrower !== undefined) {
      const message = thrown ?? "the policy worker gave no answer";
      this.#emit({ type: "instance_dropped", entrypoint: thrower.entrypoint, message });
      thrower.settle(failure("POLICY_ERROR", message));
      this.#stopServing(rest, 0);
      worker.round += 1;
      this.#prepare(worker);
      this.#promote();
    }
    this.#flush();
  }

  /** A worker that is `gone` without our wish: the evaluation that it ran fails, the others go elsewhere. */
  #fell(worker: WorkerThread, message: string, refusal?: ReleaseError): void {
    this.#workers.delete(worker);
    if (worker === this.#serving) {
      this.#takeRunning(worker.running()?.sequence)?.settle(failure("POLICY_ERROR", message));
      this.#stopServing([]);
    }
    if (!worker.proven) this.#failedStarts += 1;
    this.#replace(message, refusal);
  }

  /** There is a worker less: another one is started now or later, and a spare serves meanwhile. */
  #replace(message: string, refusal?: ReleaseError): void {
    this.#started?.failed(refusal ?? new ReleaseError("warm_up", message));
    const retryMs =
      this.#failedStarts < 2 ? 0 : Math.min(RETRY_MS * 2 ** (this.#failedStarts - 2), MAX_RETRY_MS);
    this.#emit({ type: "worker_lost", message, retryMs });
    this.#replenish(retryMs);
    this.#promote();
    this.#flush();
  }

  #overran(worker: WorkerThread, { sequence, ms }: Running): void {
    const late = this.#takeRunning(sequence);
    if (late !== undefined) {
      this.#emit({ type: "timeout", entrypoint: late.entrypoint, ms });
      late.settle(failure("POLICY_TIMEOUT", `${late.entrypoint} ran longer than ${this.#evaluationMs} ms`));
    }
    this.#workers.delete(worker);
    void worker.end();
    this.#stopServing([], late === undefined ? 1 : 0);
    this.#replenish(0);
    this.#promote();
    this.#flush();
  }

  /** Takes one evaluation out of what was sent. */
  #takeRunning(sequence: number | undefined): Pending | undefined {
    if (sequence === undefined) return undefined;
    for (const [at, batch] of this.#sent.entries()) {
      const running = batch.pending[sequence - batch.first];
      if (running === undefined) continue;
      this.#sent[at] = { ...batch, pending: batch.pending.filter((pending) => pending !== running) };
      return running;
    }
    return undefined;
  }

  /**
   * No worker serves; what was sent waits again, before all others.
   *
   * @param attempts - that count against each of them: none where the one that was to blame is known, and answered.
   */
  #stopServing(rest: readonly Pending[], attempts = 1): void {
    const returned = [...rest, ...this.#sent.flatMap((batch) => batch.pending)];
    this.#serving = undefined;
    this.#sent = [];
    const again = returned.filter((pending) => {
      pending.attempts += attempts;
      if (pending.attempts < MAX_ATTEMPTS) return true;
      pending.settle(failure("POLICY_ERROR", "the policy worker was lost again and again"));
      return false;
    });
    this.#waiting = [...again, ...this.#waiting];
  }

  #promote(): void {
    this.#serving ??= [...this.#workers].find((worker) => worker.state === "ready");
  }

  #replenish(delayMs: number): void {
    if (this.#started !== undefined || this.#retry !== undefined) return;
    if (delayMs === 0) {
      while (this.#workers.size < this.#size && this.#retry === undefined) this.#spawn();
      return;
    }
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#replenish(0);
    }, delayMs);
    this.#retry.unref();
  }

  #flush(): void {
    const serving = this.#serving;
    if (serving === undefined) {
      if (this.#workers.size === 0) this.#failWaiting();
    } else {
      while (this.#sent.length < MAX_SENT && this.#waiting.length > 0) this.#send(serving);
    }
    if (this.#sent.length > 0) {
      this.#arm();
    } else {
      this.#watch?.unref();
      if (this.#waiting.length === 0) this.#idle?.();
    }
  }

  #send(serving: WorkerThread): void {
    const pending = this.#waiting.splice(0, MAX_BATCH);
    if (this.#sequence > MAX_SEQUENCE) this.#sequence = 0;
    const first = this.#sequence + 1;
    this.#sequence += pending.length;
    if (this.#sent.length === 0) this.#progressAt = performance.now();
    this.#sent.push({ first, pending });
    serving.ask({ first, questions: pending.map(({ entrypoint, input }) => ({ entrypoint, input })) });
  }

  #failWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#wasForsaken ||= waiting.length > 0;
    for (const pending of waiting) pending.settle(failure("POLICY_ERROR", "no policy worker is ready"));
  }

  /** One timer for all: it looks at what runs when the oldest could be due, not at each evaluation. */
  #arm(ms = this.#evaluationMs): void {
    if (this.#watch !== undefined) {
      this.#watch.ref();
      return;
    }
    this.#watch = setTimeout(() => {
      this.#watch = undefined;
      const serving = this.#serving;
      if (serving === undefined || this.#sent.length === 0) return;
      const running = serving.running();
      if (running !== undefined && running.ms >= this.#evaluationMs) {
        this.#overran(serving, running);
      } else if (running === undefined && performance.now() - this.#progressAt > STALL_MS) {
        void serving.end();
        this.#fell(serving, "the policy worker does not answer");
      } else {
        this.#arm(Math.max(1, this.#evaluationMs - (running?.ms ?? 0)));
      }
    }, ms);
  }

  #emit(event: EngineEvent): void {
    try {
      this.#onEvent(event);
    } catch {
      // A listener's fault is not the policy's.
    }
  }
}

/** Why a candidate that was asked is refused. @param what - it was asked. */
function unanswered(
  step: ReleaseStep,
  { code, message }: Extract<Evaluation, { ok: false }>,
  what: string,
): ReleaseError {
  const why = `${what}: ${message}`;
  return code === "POLICY_TIMEOUT" ? new LateReleaseError(step, why) : new ReleaseError(step, why);
}

/** Each entrypoint, for each group that has rules: what is compiled here is not compiled in a request. */
function warmUpQuestions(index: Release["index"]): Question[] {
  const groups = [...new Set(index.rules.map((rule) => rule.group))];
  return [
    { entrypoint: "countersign/facts", input: "{}" },
    ...groups.flatMap((group): Question[] => {
      const explain = index.rules.filter((rule) => rule.group === group).map((rule) => rule.name);
      return [
        { entrypoint: "countersign/decision", input: JSON.stringify({ group }) },
        { entrypoint: "countersign/explain", input: JSON.stringify({ group, explain }) },
      ];
    }),
  ];
}
