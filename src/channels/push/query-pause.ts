/**
 * What fails for one question fails for all: after an answer that is none everybody waits, twice as long each time, and
 * then one question is asked alone, until an answer comes.
 */
const FAILURES_BEFORE_ALARM = 3;
const AT_ONCE = 4;

export interface QueryPauseOptions {
  readonly firstRestMs: number;
  readonly longestRestMs: number;
  /** No answers come: told once, until they come again. */
  readonly onFailing: (problem: string) => void;
  /** Somebody may ask again. */
  readonly onOver: () => void;
}

export class QueryPause {
  readonly #options: QueryPauseOptions;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: QueryPauseOptions) {
    this.#options = options;
  }

  /** How many questions may be open at once now. */
  get room(): number {
    if (this.#timer !== undefined) return 0;
    return this.#failures > 0 ? 1 : AT_ONCE;
  }

  /** Whether the last question had an answer. */
  get isWell(): boolean {
    return this.#failures === 0;
  }

  answered(): void {
    this.#failures = 0;
  }

  /** @param refused - it is our key that is refused, which does not mend itself. */
  failed(problem: string, refused: boolean): void {
    // Those that were asked at the same time fail for the same reason.
    if (this.#timer !== undefined) return;
    this.#failures += 1;
    const { onFailing, onOver } = this.#options;
    if (this.#failures === (refused ? 1 : FAILURES_BEFORE_ALARM)) onFailing(problem);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        onOver();
      },
      this.restMs(this.#failures - 1),
    ).unref();
  }

  /** The first rest, doubled so often. */
  restMs(doubled: number): number {
    const { firstRestMs, longestRestMs } = this.#options;
    return Math.min(longestRestMs, firstRestMs * 2 ** Math.min(doubled, 30));
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
