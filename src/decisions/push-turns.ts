/**
 * One message of a transaction after the other, in the order in which they came: each goes by what the one before it
 * left in the ledger. Messages of different transactions don't wait for each other.
 */
import { Passing } from "./passing.ts";

export class PushTurns {
  /** By key: when all that came so far are through. */
  readonly #last = new Passing<Promise<unknown>>();

  /**
   * @param keys - who shares one waits.
   * @param wait - gives up, by rejecting, where that takes too long; whoever came later still waits for all before it.
   * @param work - what it is handed (`held`) is waited for by whoever comes next, also where the work ends sooner.
   */
  async run<T>(
    keys: readonly string[],
    wait: (before: Promise<unknown>) => Promise<void>,
    work: (held: (until: Promise<unknown>) => void) => Promise<T>,
  ): Promise<T> {
    const until: Promise<unknown>[] = keys.flatMap((key) => this.#last.get(key) ?? []);
    const before = until.length === 0 ? undefined : Promise.all(until);
    let through: () => void = () => {};
    const turn = new Promise<void>((resolve) => {
      through = resolve;
    });
    for (const key of keys) this.#last.set(key, turn);
    try {
      if (before !== undefined) await wait(before);
      return await work((held) => until.push(held));
    } finally {
      void Promise.allSettled(until).then(() => {
        through();
        for (const key of keys) if (this.#last.get(key) === turn) this.#last.delete(key);
      });
    }
  }
}
