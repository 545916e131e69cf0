/** Values that come, after which the chain is cut. */
const CUT_AFTER = 256;

/**
 * A Map for values that come and go with requests.
 *
 * V8 makes a Map a new table when enough was deleted from the old one, which keeps all that was in it and points to
 * the new one. Once a table has lived long enough to be collected rarely, it keeps alive every table after it with
 * every request that was ever in one: each is copied twice and stays until the rare collection. So the chain is cut
 * from time to time.
 */
export class Passing<V> {
  #values = new Map<string, V>();
  #added = 0;

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    this.#added += 1;
    if (this.#added % CUT_AFTER === 0) this.#values = new Map(this.#values);
    this.#values.set(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
