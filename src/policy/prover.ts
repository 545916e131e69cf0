/** Who has a release show what it can and what it must not do. It knows decisions, which this folder does not: it is handed in. */
import type { Evaluator } from "./evaluation.ts";
import type { LiveRelease } from "./live.ts";
import type { HostData, Release, Runnable } from "./release.ts";
import type { SelfTest } from "./self-tests.ts";

/**
 * What a release has to show before it goes live. It is a release like any other but for its age, which it does not have
 * yet: its cases have clocks of their own.
 *
 * @param cases - those that it carries.
 * @throws {ReleaseError} step `self_test` or `guard`
 */
export type Prove = (candidate: LiveRelease, cases: readonly SelfTest[]) => Promise<void>;

/** @property facts - what `countersign/facts` answered. */
export interface StartedEngine extends Evaluator {
  readonly facts: unknown;
}

/**
 * Starts an engine of what was unpacked. Nobody has checked all of it yet.
 *
 * @returns undefined where nobody wants it any more.
 */
export type Load = (runnable: Runnable) => Promise<StartedEngine> | undefined;

/**
 * A proof whose thinking is done elsewhere.
 *
 * @property release - as `readRelease` has it. @throws {ReleaseError}
 * @property prove - of the release that was read, once it has an engine: it is that engine which is asked.
 */
export interface ProofAside {
  readonly release: Promise<Release>;
  readonly prove: Prove;
  /** Whatever it is doing; resolves when nothing of it is left. */
  end(): Promise<void>;
}

export interface Prover {
  /**
   * In this thread. What it will ask is made ready from now on, while there is nothing else to do: that needs no engine.
   *
   * @param hostData - of the release that is to be proven.
   * @returns the proof of that release; it is asked for once.
   */
  prepare(hostData: HostData): Prove;
  /**
   * Reads an archive, and proves it when asked, in a thread of its own: requests are being answered.
   *
   * @param sha256 - the archive's digest in hex.
   * @param givesWay - to all others, where the system can; else it takes its turn.
   * @param load - is asked for an engine as soon as one can start, which the proof asks ahead.
   * @throws {PassingReleaseError} where the system has no thread to give.
   */
  aside(archive: Uint8Array, sha256: string, givesWay: boolean, load: Load): ProofAside;
}

/** Instead of a {@link Prover}: what this release decides is never answered to anybody. */
export const ANSWERS_NOBODY = "answers_nobody";
