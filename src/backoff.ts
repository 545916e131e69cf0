/** When what failed, and may have passed, is tried again: after a second, then two, four and so on. */

const FIRST_MS = 1_000;

export class Backoff {
  /** The wait before the next try, milliseconds; 0 where none is planned. */
  #ms = 0;

  get ms(): number {
    return this.#ms;
  }

  get isPlanned(): boolean {
    return this.#ms > 0;
  }

  /** It failed, perhaps once more. */
  failed(): void {
    this.#ms = this.isPlanned ? this.#ms * 2 : FIRST_MS;
  }

  /** Nothing is to be tried again. */
  end(): void {
    this.#ms = 0;
  }

  /** The wait, where it is shorter than that of everyday. @param everydayMs - between two looks, whatever came of them. */
  within(everydayMs: number): number {
    return this.isPlanned ? Math.min(everydayMs, this.#ms) : everydayMs;
  }
}
