/** When what holds on is to be said again. */

const REMIND_MS = 86_400_000;

/** Of one thing that may be wrong: it is said when it begins, when it becomes something else, and once a day. */
export class Reminder {
  #said: { readonly what: string; readonly at: number } | undefined;

  /** @param what - is wrong. @returns whether it is to be said now; then it counts as said. */
  isDue(what: string): boolean {
    // The machine's clock may be set; this one runs on.
    const now = performance.now();
    if (this.#said?.what === what && now - this.#said.at < REMIND_MS) return false;
    this.#said = { what, at: now };
    return true;
  }

  /** Nothing is wrong any more. */
  clear(): void {
    this.#said = undefined;
  }
}
