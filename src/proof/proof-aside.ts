/**
 * Proving a release beside a server that answers. Unpacking, parsing and checking the largest takes seconds, and its cases
 * and the guard are some hundreds of decisions: no request may wait for either. A release that needs more memory than
 * reading may take ends its thread, not the server.
 *
 * The **reading** thread unpacks the archive, parses it, and checks all that can be checked without running it. When it
 * has unpacked, the host starts an engine with that; when it has parsed, the **proving** thread hears what is to be proven,
 * and makes ready what it will ask. When there are both, it proves: all of a decision is made in that thread but what the
 * policy says, for which it asks that very engine. So most of it is proven while the last of it is still being read.
 *
 * What comes of that is nobody's before all else is good that comes before it (`activate.ts`): then it is asked for, and is
 * as if it had begun only then. Where the engine was not started ahead it does begin only then.
 */
import { MessageChannel } from "node:worker_threads";
import { type Evaluator, failure } from "../policy/evaluation.ts";
import { compileFactQueries } from "../policy/fact-queries.ts";
import type { LiveRelease } from "../policy/live.ts";
import type { Load, ProofAside } from "../policy/prover.ts";
import { PassingReleaseError, type Release, type Runnable } from "../policy/release.ts";
import { messageOf } from "../thrown.ts";
import type { GuardContext } from "./guard.ts";
import type { FromProving, FromReading, ProvingOrder, ReadingOrder, ToProving } from "./proof-protocol.ts";
import { ProofThread } from "./proof-thread.ts";

/** The largest takes seconds. One that takes this long would keep every later release from going live. */
const READ_MS = 60_000;
/** From when there is an engine. Its steps have limits of their own, which end it long before. */
const PROVE_MS = 120_000;

/**
 * @property sha256 - of the archive, in hex. @property givesWay - to all other threads, where the system can.
 */
export interface AsideOrder {
  readonly archive: Uint8Array;
  readonly sha256: string;
  readonly context: GuardContext;
  readonly givesWay: boolean;
}

type Ask = Extract<FromProving, { type: "ask" }>;
type Order = Extract<ToProving, { type: "prove" }>;

export class TwoThreads implements ProofAside {
  readonly release: Promise<Release>;
  readonly #reading: ProofThread<Release, FromReading, never>;
  readonly #proving: ProofThread<void, FromProving, ToProving>;
  readonly #load: Load;
  /** Which it asks, once it was told that there is one. */
  #engine: Evaluator | undefined;

  /**
   * @param readMs - how long reading may take.
   * @throws {PassingReleaseError} where the system has no thread to give.
   */
  constructor({ archive, sha256, context, givesWay }: AsideOrder, load: Load, readMs = READ_MS) {
    this.#load = load;
    const { port1: tells, port2: hears } = new MessageChannel();
    const reading: ReadingOrder = { archive, sha256, givesWay, parsed: tells };
    const proving: ProvingOrder = { context, givesWay, parsed: hears };
    this.#reading = new ProofThread(
      "#reading-worker",
      { name: "reading", workerData: reading, transferList: [tells] },
      { step: "archive", verb: "read" },
      (message, reached) => {
        if (message.type === "unpacked") this.#unpacked(message.runnable);
        else if (message.type === "read") reached(message.release);
      },
    );
    this.#reading.within(readMs);
    this.release = this.#reading.result;
    try {
      this.#proving = new ProofThread(
        "#proving-worker",
        { name: "proving", workerData: proving, transferList: [hears] },
        { step: "guard", verb: "proven" },
        (message, reached) => {
          if (message.type === "ask") void this.#ask(message);
          else if (message.type === "proven") reached();
        },
      );
    } catch (error) {
      void this.#reading.end();
      throw error;
    }
  }

  readonly prove = async ({ engine, queries, activatedAt }: LiveRelease): Promise<void> => {
    this.#begin(engine, { type: "prove", queries, activatedAt });
    if (this.#engine !== engine) throw new PassingReleaseError("guard", "it was proven in another engine");
    await this.#proving.result;
  };

  async end(): Promise<void> {
    await Promise.all([this.#reading.end(), this.#proving.end()]);
  }

  /** What is wrong with its engine, or with what that says, is said by whoever takes it, in its turn. */
  #unpacked(runnable: Runnable): void {
    this.#load(runnable)
      ?.then((engine) => {
        const queries = compileFactQueries(engine.facts);
        this.#begin(engine, { type: "prove", queries, activatedAt: Date.now() });
      })
      .catch(() => {});
  }

  #begin(engine: Evaluator, order: Order): void {
    if (this.#engine !== undefined) return;
    this.#engine = engine;
    this.#proving.within(PROVE_MS);
    this.#proving.tell(order);
  }

  async #ask({ id, entrypoint, input }: Ask): Promise<void> {
    const evaluation = await this.#engine?.evaluate(entrypoint, input);
    if (evaluation === undefined) return;
    try {
      this.#proving.tell({ type: "answer", id, evaluation });
    } catch (error) {
      // It may be nested deeper than a message can be: then it says nothing that a decision could use.
      const why = `the policy's answer could not be passed on: ${messageOf(error)}`;
      this.#proving.tell({ type: "answer", id, evaluation: failure("POLICY_ERROR", why) });
    }
  }
}
