/**
 * When the first and last movements of the keys were that were asked for lately: beside the sums of the
 * `FactCache`, which tells it of the same commits.
 *
 * A first one holds for all windows that begin after `after` and before it: none that counts lies between. A last one
 * holds for every window. What is added can only bring the one nearer and move the other on; where a movement enters
 * another state all is forgotten.
 */
type Which = "first" | "last";

/** @property at - `Infinity` where none comes after, `-Infinity` where there is none at all. */
interface Bound {
  readonly after: number;
  at: number;
}

const MAX_KEYS = 50_000;

export class BoundCache {
  readonly #known: Readonly<Record<Which, Map<string, Bound>>> = { first: new Map(), last: new Map() };

  get isEmpty(): boolean {
    return this.#known.first.size === 0 && this.#known.last.size === 0;
  }

  clear(): void {
    this.#known.first.clear();
    this.#known.last.clear();
  }

  /** Nothing is known of a key any more. */
  drop(name: string): void {
    this.#known.first.delete(name);
    this.#known.last.delete(name);
  }

  /** A movement was added under a key. @param at - milliseconds since the epoch. */
  add(name: string, at: number): void {
    const first = this.#known.first.get(name);
    if (first !== undefined && at > first.after) first.at = Math.min(first.at, at);
    const last = this.#known.last.get(name);
    if (last !== undefined) last.at = Math.max(last.at, at);
  }

  /**
   * @param name - the shape and the key.
   * @param after - only what is later counts.
   * @param read - from the disk: the first one later than a time, or the last one at all.
   */
  bound(
    which: Which,
    name: string,
    after: number,
    read: (after: number) => number | undefined,
  ): number | undefined {
    const known = this.#known[which].get(name);
    if (known !== undefined && (which === "last" || (known.after <= after && after < known.at))) {
      return within(known.at, after);
    }
    const bound =
      which === "first"
        ? { after, at: read(after) ?? Number.POSITIVE_INFINITY }
        : { after: Number.MIN_SAFE_INTEGER, at: read(Number.MIN_SAFE_INTEGER) ?? Number.NEGATIVE_INFINITY };
    this.#remember(this.#known[which], name, bound);
    return within(bound.at, after);
  }

  #remember(bounds: Map<string, Bound>, name: string, bound: Bound): void {
    const { value: oldest } = bounds.keys().next();
    if (bounds.size >= MAX_KEYS && oldest !== undefined) bounds.delete(oldest);
    bounds.set(name, bound);
  }
}

function within(at: number, after: number): number | undefined {
  return at > after && at !== Number.POSITIVE_INFINITY ? at : undefined;
}
