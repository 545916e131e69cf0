/** How much room the state directory has left: whoever watches is told before the disk is full. */
import { statfs } from "node:fs/promises";

const EVERY_MS = 1_000;

/** Ready or not, for `/readyz`; `detail` says why in a few words. */
export interface SpaceCheck {
  readonly name: "ledger_space";
  readonly ok: boolean;
  readonly detail: string;
}

export class DiskSpace {
  readonly #directory: string;
  readonly #minFree: number;
  readonly #timer: NodeJS.Timeout;
  #free: number | undefined;

  /** @param minFree - bytes that must be left. */
  constructor(directory: string, minFree: number) {
    this.#directory = directory;
    this.#minFree = minFree;
    this.#timer = setInterval(() => void this.look(), EVERY_MS);
    this.#timer.unref();
    void this.look();
  }

  /** What was found last. A disk that doesn't say counts as full. */
  check(): SpaceCheck {
    const free = this.#free;
    if (free === undefined) return { name: "ledger_space", ok: true, detail: "not looked at yet" };
    const ok = free >= this.#minFree;
    return { name: "ledger_space", ok, detail: `${free} bytes are free, ${this.#minFree} must be` };
  }

  async look(): Promise<void> {
    try {
      const { bavail, bsize } = await statfs(this.#directory);
      this.#free = bavail * bsize;
    } catch {
      this.#free = 0;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
