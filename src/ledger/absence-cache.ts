/**
 * What most readings find nothing of, remembered: addresses and outpoints that are known and have no open flag, and that
 * no confirmation is held. Beside the sums of the `FactCache`, which tells it of the same commits.
 *
 * A flag that is resolved leaves what has no open one as it is, and so does a confirmation that is released: only what
 * is raised and reserved changes anything here.
 */
import type { FlagMark, Marked, NewEntry } from "./ledger.ts";

const MAX_MARKS = 50_000;

const UNFLAGGED: Marked = { known: true, open: [] };

export class AbsenceCache {
  readonly #unflagged = new Set<string>();
  #isNoneConfirmed = false;

  clear(): void {
    this.#unflagged.clear();
    this.#isNoneConfirmed = false;
  }

  committed({ movements, transition, flags = [] }: NewEntry): void {
    for (const { marks } of flags) {
      for (const { kind, value } of marks) this.#unflagged.delete(`${kind} ${value}`);
    }
    const confirms = movements?.rows.some(({ kind }) => kind === "withdrawal_confirmation") === true;
    // What enters that state may be a confirmation that was released.
    if (confirms || transition?.state === "reserved") this.#isNoneConfirmed = false;
  }

  /** @param read - from the disk, in the state that the commits have led to. */
  marked(kind: FlagMark["kind"], value: string, read: () => Marked): Marked {
    const name = `${kind} ${value}`;
    if (this.#unflagged.has(name)) return UNFLAGGED;
    const marked = read();
    if (marked.known && marked.open.length === 0) this.#remember(name);
    return marked;
  }

  /** @param read - from the disk, in that state or a later one: whether any is held. */
  isAnyConfirmed(read: () => boolean): boolean {
    if (!this.#isNoneConfirmed) this.#isNoneConfirmed = !read();
    return !this.#isNoneConfirmed;
  }

  #remember(name: string): void {
    const { value: oldest } = this.#unflagged.values().next();
    if (this.#unflagged.size >= MAX_MARKS && oldest !== undefined) this.#unflagged.delete(oldest);
    this.#unflagged.add(name);
  }
}
