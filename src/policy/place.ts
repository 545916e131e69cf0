/** Where releases lie: what a policy source needs of a file, a folder or a URL. */
import type { Candidate, ReleaseTaker } from "./activation.ts";

/**
 * What is there.
 *
 * @property mark - while it is the same, so is what it stands for.
 * @property rereadMs - how long until it is read again where it may be half written, milliseconds; absent: it never is.
 */
export interface Sight {
  readonly mark: string;
  /** @throws {ReleaseError} */
  readonly read: () => Promise<Candidate>;
  readonly rereadMs?: number;
}

/**
 * @property known - the mark of what was seen before: where that is still there, nobody is going to read it.
 * @property isLive - that is what is live. What was refused may have come from somebody who is gone, with a word of what
 *   is there now: it is looked at whole.
 * @property isStart - the server waits for it, and answers nobody before.
 */
export interface LookOptions {
  readonly known?: string | undefined;
  readonly isLive?: boolean;
  readonly isStart?: boolean;
}

export interface ReleasePlace {
  /** @throws {ReleaseError} where it can't be seen what is there. */
  look(taker: Pick<ReleaseTaker, "isSigned" | "isUnsigned">, options: LookOptions): Promise<Sight>;
  /**
   * Calls back when something may have changed: a hint, which may be lost.
   *
   * @param changed - with whether all of it came in one step, so that nothing of it can be half written.
   */
  watch(changed: (isWhole: boolean) => void): void;
  /** @returns how long to wait for the next look, milliseconds, never longer than `ms`. */
  waitMs(ms: number): number;
  /** Ends what is under way; nobody looks any more. */
  close(): void;
}
