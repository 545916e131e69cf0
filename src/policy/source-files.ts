/**
 * A release file, with its statement beside it where releases are signed, or, in development, a folder of Rego. It is
 * looked at without reading it. The file system's own events are a hint, since they get lost on some file systems.
 */
import { type FSWatcher, watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { markAt, markOf } from "../file-mark.ts";
import { codeOf, messageOf } from "../thrown.ts";
import type { Candidate, ReleaseTaker } from "./activation.ts";
import { readBounded } from "./bounded-file.ts";
import type { ReleasePlace, Sight } from "./place.ts";
import { AbsentReleaseError, MAX_RELEASE_BYTES, ReleaseError } from "./release.ts";
import { MAX_STATEMENT_BYTES, statementFile } from "./statement.ts";

/** How long a half-written file gets until it is read again. */
const REREAD_MS = 250;
const MAX_FOLDER_POLL_MS = 1000;
/** A file that was written to so lately is still being written. */
const WRITTEN_MS = 100;

type Taker = Pick<ReleaseTaker, "isSigned" | "isUnsigned">;

export class FilePlace implements ReleasePlace {
  readonly #path: string;
  readonly #buildFolder: ((folder: string) => Promise<Uint8Array>) | undefined;
  #isFolder = false;
  #isSigned = false;
  #changed: ((isWhole: boolean) => void) | undefined;
  /** When one of the files was written to in its place, on the clock of `performance`. */
  #writtenAt = Number.NEGATIVE_INFINITY;
  #watcher: FSWatcher | undefined;
  #watched: string | undefined;

  /**
   * @param path - need not exist yet.
   * @param buildFolder - builds a folder into an archive's bytes; without it a folder is refused.
   */
  constructor(path: string, buildFolder?: (folder: string) => Promise<Uint8Array>) {
    this.#path = path;
    this.#buildFolder = buildFolder;
  }

  async look(taker: Taker): Promise<Sight> {
    const sight = await this.#sight(taker);
    this.#aim();
    return sight;
  }

  /** A file is watched through its folder: it is often replaced by another one. */
  watch(changed: (isWhole: boolean) => void): void {
    this.#changed = changed;
  }

  waitMs(ms: number): number {
    return this.#isFolder ? Math.min(ms, MAX_FOLDER_POLL_MS) : ms;
  }

  close(): void {
    this.#changed = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /**
   * A folder is an error where not anything may go live, and is not looked into: whoever may write here and is not
   * trusted could put a link to the whole disk in the release's place.
   */
  async #sight({ isSigned, isUnsigned }: Taker): Promise<Sight> {
    const path = this.#path;
    this.#isFolder = false;
    this.#isSigned = isSigned;
    try {
      const found = await stat(path);
      if (found.isDirectory() && !isUnsigned) {
        const error = isSigned
          ? new ReleaseError("statement", `${path} is a folder, which nobody signs: trust is by keys`)
          : new ReleaseError("source", `${path} is a folder: trust is by digest`);
        return refused(markOf(found), error);
      }
      if (found.isDirectory()) {
        this.#isFolder = true;
        return { mark: await folderMark(path), read: () => this.#build() };
      }
      const mark = `${markOf(found)} ${isSigned ? await markAt(statementFile(path)) : ""}`;
      if (!found.isFile()) return refused(mark, new ReleaseError("source", `${path} is no file`));
      return { mark, read: () => this.#readPair(isSigned), rereadMs: REREAD_MS };
    } catch (cause) {
      const message = `${path} can't be read: ${messageOf(cause)}`;
      const isAbsent = codeOf(cause) === "ENOENT";
      const error = isAbsent
        ? new AbsentReleaseError("source", message, cause)
        : new ReleaseError("source", message, cause);
      return refused(message, error);
    }
  }

  async #readPair(isSigned: boolean): Promise<Candidate> {
    const path = this.#path;
    const statement = isSigned
      ? await readBounded(statementFile(path), MAX_STATEMENT_BYTES, "statement")
      : undefined;
    const archive = await readBounded(path, MAX_RELEASE_BYTES, "archive");
    if (archive === undefined) {
      throw new AbsentReleaseError("source", `${path} can't be read: it is not there`);
    }
    return { archive, statement };
  }

  async #build(): Promise<Candidate> {
    const path = this.#path;
    if (this.#buildFolder === undefined)
      throw new ReleaseError("source", `${path} is a folder, a release file is needed`);
    try {
      return { archive: await this.#buildFolder(path) };
    } catch (error) {
      if (error instanceof ReleaseError) throw error;
      throw new ReleaseError("source", messageOf(error), error);
    }
  }

  /**
   * The statement comes after its archive, which is there then. Where it appears under its name in one step, with what it
   * holds, both were written before; a new file that is written in its place appears as well, but empty, or is written to a
   * moment later. Of an archive that the system copies (`cp`) that is told when all is written, and it holds something
   * before: but what was moved here changed later than what it holds. A statement is so small that it is there whole, or
   * not yet; and its two times are often one, since clocks of file systems go by steps of some milliseconds.
   */
  #noticed(event: "rename" | "change", name: string): void {
    if (event === "change") this.#writtenAt = performance.now();
    this.#changed?.(false);
    const last = this.#isSigned ? statementFile(this.#path) : this.#path;
    if (event === "change" || name !== basename(last)) return;
    Promise.all([stat(last), stat(this.#path)]).then(
      ([{ size, mtimeMs, ctimeMs }]) => {
        const isWritten = performance.now() - this.#writtenAt <= WRITTEN_MS;
        const isMoved = this.#isSigned || ctimeMs > mtimeMs;
        if (size > 0 && isMoved && !isWritten) this.#changed?.(true);
      },
      () => {},
    );
  }

  #aim(): void {
    const isFolder = this.#isFolder;
    const path = this.#path;
    const watched = isFolder ? path : dirname(path);
    if (this.#changed === undefined || this.#watched === watched) return;
    this.#watcher?.close();
    this.#watched = watched;
    const names = [basename(path), basename(statementFile(path))];
    try {
      this.#watcher = watch(watched, { persistent: false, recursive: isFolder }, (event, name) => {
        if (isFolder || name === null) this.#changed?.(false);
        else if (names.includes(name)) this.#noticed(event, name);
      });
      this.#watcher.on("error", () => {
        this.#watcher?.close();
        this.#watched = undefined;
      });
    } catch {
      // Where nothing can be watched, polling is enough.
    }
  }
}

/** It is said once, until something else is seen. */
function refused(mark: string, error: ReleaseError): Sight {
  return { mark, read: () => Promise.reject(error) };
}

/** Names, times and sizes of all files below a folder; what begins with a dot is no source. */
async function folderMark(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const marks = await Promise.all(
    entries
      .filter((entry) => !entry.name.startsWith("."))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(async (entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return `${entry.name}(${await folderMark(path)})`;
        const { mtimeMs, size } = await stat(path);
        return `${entry.name} ${mtimeMs} ${size}`;
      }),
  );
  return marks.join("\n");
}
