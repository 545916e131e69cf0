/**
 * A file that is looked at again and again. Where it changed, it is read, but only once two looks in a row agree:
 * whoever writes it gets time to finish. A file that changes while it is read is not taken. What cannot be read
 * or taken is refused once; it is tried again when the file changes, or when somebody asks.
 */
import { markAt } from "../file-mark.ts";
import { FeedError, problemOf } from "./feed-error.ts";

export interface WatchedFileOptions<T> {
  readonly path: string;
  /** @throws {FeedError} for what is wrong with the file. */
  readonly read: (path: string) => Promise<T>;
  /** Puts what was read in force. What it throws is no fault of the file: it is tried again at the next look. */
  readonly take: (content: T) => Promise<void> | void;
  readonly refuse: (problem: string) => void;
}

export class WatchedFile<T> {
  readonly #options: WatchedFileOptions<T>;
  #tried: string | undefined;
  #glimpsed: string | undefined;

  constructor(options: WatchedFileOptions<T>) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** Looks, and reads where the file changed and has come to rest. Never rejects. */
  async poll(): Promise<void> {
    const mark = await markAt(this.path);
    const rests = mark === this.#glimpsed;
    this.#glimpsed = mark;
    if (rests && mark !== this.#tried) await this.#load(mark);
  }

  /** The next look reads it, changed or not. */
  again(): void {
    this.#tried = undefined;
  }

  /** Reads now, changed or not. Never rejects. @returns what is wrong, if anything. */
  async reload(): Promise<string | undefined> {
    const mark = await markAt(this.path);
    this.#glimpsed = mark;
    return await this.#load(mark);
  }

  async #load(mark: string): Promise<string | undefined> {
    const { read, take, refuse } = this.#options;
    this.#tried = mark;
    try {
      const content = await read(this.path);
      this.#tried = undefined;
      if ((await markAt(this.path)) !== mark) throw new FeedError("it was changed while it was read");
      await take(content);
      this.#tried = mark;
      return undefined;
    } catch (error) {
      const problem = problemOf(error);
      refuse(problem);
      return problem;
    }
  }
}
