/**
 * An engine that starts while its release is still being checked: of a large release each of the two takes some tenths of a
 * second, and neither needs the other.
 *
 * It is **loading** from the moment at which the archive is unpacked. When all is good that can be checked without it, it is
 * **taken**, and is its taker's; nobody learns of it before. What is wrong with its start is said then, after all that is
 * wrong with the archive, as if it had begun only then. Where it is not taken it is **dropped**, which ends its thread,
 * whatever that is doing.
 */
import { type EngineEvent, type EngineOptions, PolicyEngine } from "./engine.ts";
import type { Runnable } from "./release.ts";

export class EarlyEngine {
  readonly #options: EngineOptions;
  readonly #onEvent: (event: EngineEvent) => void;
  readonly #unwanted = new AbortController();
  #engine: Promise<PolicyEngine> | undefined;
  /** What happened to it before it was taken. */
  #held: EngineEvent[] | undefined = [];

  constructor(options: EngineOptions) {
    this.#onEvent = options.onEvent ?? (() => {});
    const onEvent = (event: EngineEvent): void => {
      if (this.#held === undefined) this.#onEvent(event);
      else this.#held.push(event);
    };
    // Nobody waits for its answers yet: the spare would take a core from the proof.
    this.#options = { ...options, onEvent, workers: 1 };
  }

  /**
   * Begins to start it; what is wrong with that is said when it is taken.
   *
   * @returns it, to be asked ahead: what it answers counts for nothing unless it is taken. Undefined where it was dropped.
   */
  readonly load = (runnable: Runnable): Promise<PolicyEngine> | undefined => {
    if (this.#unwanted.signal.aborted) return undefined;
    this.#engine ??= PolicyEngine.start(runnable, this.#options, this.#unwanted.signal);
    this.#engine.catch(() => {});
    return this.#engine;
  };

  /**
   * @param release - which was loaded; where none was, it is now.
   * @returns its engine, which is the caller's to close.
   * @throws {ReleaseError} as `PolicyEngine.start` does.
   */
  take(release: Runnable): Promise<PolicyEngine> {
    for (const event of this.#held ?? []) this.#onEvent(event);
    this.#held = undefined;
    this.#engine ??= PolicyEngine.start(release, this.#options, this.#unwanted.signal);
    return this.#engine;
  }

  /** Ends it, whoever has it: nobody waits any more for what it was started for. Resolves when nothing of it is left. */
  async abandon(): Promise<void> {
    this.#unwanted.abort();
    await this.#engine?.then(
      (engine) => engine.abandon(),
      () => {},
    );
  }

  /** Ends it, unless it was taken; resolves when nothing of it is left. */
  async drop(): Promise<void> {
    if (this.#held !== undefined) await this.abandon();
  }
}
