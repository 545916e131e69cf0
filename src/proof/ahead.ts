/** What is made before anybody asks for it, while this thread has nothing else to do. */
import { setImmediate as turn } from "node:timers/promises";

/**
 * Goes through `all` one by one, giving way to other work after each, until somebody asks: then come those that were made,
 * and after them the rest as it is asked for. What is thrown on the way is thrown to who asks, at its place. It is asked
 * once: a second time it would not be whole.
 */
export class Ahead<T> implements Iterable<T> {
  readonly #rest: Iterator<T>;
  readonly #made: T[] = [];
  #thrown: { readonly error: unknown } | undefined;
  #isAsked = false;

  constructor(all: Iterable<T>) {
    this.#rest = all[Symbol.iterator]();
    void this.#make();
  }

  *[Symbol.iterator](): Generator<T> {
    if (this.#isAsked) throw new Error("what was made ahead is asked for once");
    this.#isAsked = true;
    yield* this.#made;
    if (this.#thrown !== undefined) throw this.#thrown.error;
    for (let next = this.#rest.next(); next.done !== true; next = this.#rest.next()) yield next.value;
  }

  async #make(): Promise<void> {
    try {
      for (;;) {
        await turn();
        if (this.#isAsked) return;
        const next = this.#rest.next();
        if (next.done === true) return;
        this.#made.push(next.value);
      }
    } catch (error) {
      this.#thrown = { error };
    }
  }
}
