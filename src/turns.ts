/** One thing after the other: the next begins when the one before it has ended, well or not. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when all that was asked for so far has ended. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
