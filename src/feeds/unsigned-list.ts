/** One list that nobody signs: a file, which is in force whenever it can be read. */
import type { ListVersion } from "../input/document.ts";
import type { Turns } from "../turns.ts";
import { readListAside } from "./list-reader.ts";
import type { ListStatus } from "./list-status.ts";
import type { ListTable } from "./list-table.ts";
import { WatchedFile } from "./watched-file.ts";

/**
 * @property reading - of all lists: one table is built at a time. @property now - milliseconds since the epoch.
 * @property taken - it is in force, in the place of what was. @property refused - what lies there is not.
 */
export interface UnsignedListOptions {
  readonly name: string;
  readonly path: string;
  readonly reading: Turns;
  readonly now: () => number;
  readonly taken: (table: ListTable, before: ListTable | undefined) => void;
  readonly refused: (problem: string, before: ListTable | undefined) => void;
}

interface Content {
  readonly table: ListTable;
  readonly version: ListVersion;
}

export class UnsignedList {
  readonly name: string;
  readonly #file: WatchedFile<Content>;
  readonly #reading: Turns;
  #content: Content | undefined;
  #loadedAt: number | undefined;
  #error: string | undefined;

  constructor({ name, path, reading, now, taken, refused }: UnsignedListOptions) {
    this.name = name;
    this.#reading = reading;
    this.#file = new WatchedFile({
      path,
      read: async (file) => {
        const { table, sha256 } = await readListAside(file);
        return { table, version: { sequence: 0, sha256 } };
      },
      take: (content) => {
        const before = this.#content;
        this.#content = content;
        this.#loadedAt = now();
        this.#error = undefined;
        taken(content.table, before?.table);
      },
      refuse: (problem) => {
        this.#error = problem;
        refused(problem, this.#content?.table);
      },
    });
  }

  /** Reads it where it changed. Never rejects. */
  poll(): Promise<void> {
    return this.#reading.run(() => this.#file.poll());
  }

  /** Reads it, changed or not. Never rejects. @returns what is wrong, if anything. */
  reload(): Promise<string | undefined> {
    return this.#reading.run(() => this.#file.reload());
  }

  /** @returns undefined where it was never read: it is absent. */
  contentAt(): Content | undefined {
    return this.#content;
  }

  status(): ListStatus {
    return {
      name: this.name,
      path: this.#file.path,
      trust: "unsigned",
      state: this.#content === undefined ? "absent" : "in_force",
      ...(this.#content === undefined
        ? {}
        : { entries: this.#content.table.entries, sha256: this.#content.version.sha256 }),
      ...(this.#loadedAt === undefined ? {} : { loaded_at: this.#loadedAt }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }
}
