/**
 * Where releases come from: a release file, or, in development, a folder of Rego that is built on every save.
 *
 * A check reads what is there, and only if it differs from what was seen before; a digest that is live already
 * changes nothing. What is there is polled; the file system's own events are a hint that makes it sooner, since
 * they get lost on some file systems. One check runs at a time. A candidate that can't be read as an archive is
 * read a second time before it is refused: it may have been half written. A refused candidate is not tried
 * again before it changes, or somebody asks (`checkNow`).
 */
import { type FSWatcher, watch } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ActivateOptions, activate, digestOf } from "./activate.ts";
import type { LivePolicy } from "./live.ts";
import { ReleaseError } from "./release.ts";
import { toError } from "./wasm-instance.ts";

/**
 * @property path - a release file or a folder of Rego; need not exist yet.
 * @property pollMs - milliseconds between two looks.
 * @property buildFolder - builds a folder into an archive's bytes; without it a folder is refused.
 */
export interface PolicySourceOptions extends Omit<ActivateOptions, "source" | "aside"> {
  readonly path: string;
  readonly pollMs: number;
  readonly live: LivePolicy;
  readonly buildFolder?: (folder: string) => Promise<Uint8Array>;
}

/** The answer of `POST /v1/reload`. `live` is the revision that is live after the check. */
export interface CheckResult {
  readonly live: string | undefined;
  readonly changed: boolean;
  readonly error?: string;
}

const DEBOUNCE_MS = 100;
/** How long a half-written file gets until it is read again. */
const REREAD_MS = 250;
const MAX_FOLDER_POLL_MS = 1000;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** What a look without reading sees: when it is the same, so is what it stands for. */
interface Sight {
  readonly folder: boolean;
  readonly mark: string;
  readonly error?: ReleaseError;
}

export class PolicySource {
  readonly #options: PolicySourceOptions;
  #seen: string | undefined;
  #running: Promise<CheckResult> | undefined;
  #queued: Promise<CheckResult> | undefined;
  #queuedAgain = false;
  #watcher: FSWatcher | undefined;
  #watched: string | undefined;
  #poll: NodeJS.Timeout | undefined;
  #hint: NodeJS.Timeout | undefined;
  #started = false;
  #closed = false;

  constructor(options: PolicySourceOptions) {
    this.#options = options;
  }

  /** Looks for the first time, then keeps looking. Never rejects: what is wrong stands in the result. */
  async start(): Promise<CheckResult> {
    const result = await this.checkNow();
    this.#started = true;
    this.#schedulePoll();
    return result;
  }

  /**
   * Looks now, and tries again what was refused before. Never rejects.
   *
   * A call while a check runs gets a check of its own after it, shared by all such calls: what changed before
   * the call is seen.
   */
  checkNow(): Promise<CheckResult> {
    return this.#enqueue(true);
  }

  /** Stops looking; what is live stays. Resolves when no check runs any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#poll);
    clearTimeout(this.#hint);
    this.#watcher?.close();
    this.#watcher = undefined;
    await this.#queued;
    await this.#running;
  }

  #enqueue(again: boolean): Promise<CheckResult> {
    if (this.#running === undefined) {
      this.#running = this.#check(again).finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#queuedAgain ||= again;
    this.#queued ??= this.#running.then(() => {
      const askedFor = this.#queuedAgain;
      this.#queued = undefined;
      this.#queuedAgain = false;
      return this.#enqueue(askedFor);
    });
    return this.#queued;
  }

  async #check(again: boolean): Promise<CheckResult> {
    const { live, path } = this.#options;
    if (this.#closed) return this.#result(false);
    const sight = await look(path);
    this.#watch(sight.folder);
    if (sight.mark === this.#seen && !again) return this.#result(false);
    this.#seen = sight.mark;
    try {
      if (sight.error !== undefined) throw sight.error;
      return this.#result(await this.#offer(sight.folder));
    } catch (error) {
      const { step, message } = live.refuse(error);
      return this.#result(false, `${step}: ${message}`);
    }
  }

  async #offer(folder: boolean): Promise<boolean> {
    let bytes = await this.#read(folder);
    if (await this.#isLive(bytes)) return false;
    try {
      this.#options.live.replace(await this.#activate(bytes));
      return true;
    } catch (error) {
      const unreadable =
        error instanceof ReleaseError && (error.step === "archive" || error.step === "digest");
      if (folder || !unreadable) throw error;
      const before = await digestOf(bytes);
      await sleep(REREAD_MS);
      bytes = await this.#read(folder);
      if ((await digestOf(bytes)) === before) throw error;
    }
    if (await this.#isLive(bytes)) return false;
    this.#options.live.replace(await this.#activate(bytes));
    return true;
  }

  async #isLive(bytes: Uint8Array): Promise<boolean> {
    const { live } = this.#options;
    if (live.current?.identity.sha256 !== (await digestOf(bytes))) return false;
    live.confirm(Date.now());
    return true;
  }

  #activate(bytes: Uint8Array): ReturnType<typeof activate> {
    const { path, live: _live, pollMs: _pollMs, buildFolder: _buildFolder, ...options } = this.#options;
    return activate(bytes, { ...options, source: path, aside: this.#started });
  }

  async #read(folder: boolean): Promise<Uint8Array> {
    const { path, buildFolder } = this.#options;
    if (!folder) {
      return await readFile(path).catch((cause: unknown) => {
        throw new ReleaseError("source", `${path} can't be read: ${toError(cause).message}`, cause);
      });
    }
    if (buildFolder === undefined)
      throw new ReleaseError("source", `${path} is a folder, a release file is needed`);
    try {
      return await buildFolder(path);
    } catch (error) {
      if (error instanceof ReleaseError) throw error;
      throw new ReleaseError(
        "source",
        error instanceof Error ? error.message : `${path} does not build`,
        error,
      );
    }
  }

  #result(changed: boolean, error?: string): CheckResult {
    const live = this.#options.live.current?.identity.revision;
    return { live, changed, ...(error === undefined ? {} : { error }) };
  }

  /** A file is watched through its folder: it is often replaced by another one. */
  #watch(folder: boolean): void {
    const { path } = this.#options;
    const watched = folder ? path : dirname(path);
    if (this.#closed || this.#watched === watched) return;
    this.#watcher?.close();
    this.#watched = watched;
    try {
      this.#watcher = watch(watched, { persistent: false, recursive: folder }, (_event, name) => {
        if (folder || name === null || name === basename(path)) this.#hinted();
      });
      this.#watcher.on("error", () => {
        this.#watcher?.close();
        this.#watched = undefined;
      });
    } catch {
      // Where nothing can be watched, polling is enough.
    }
  }

  #hinted(): void {
    clearTimeout(this.#hint);
    this.#hint = setTimeout(() => void this.#enqueue(false), DEBOUNCE_MS);
    this.#hint.unref();
  }

  #schedulePoll(): void {
    if (this.#closed) return;
    const folder = this.#watched === this.#options.path;
    const ms = folder ? Math.min(this.#options.pollMs, MAX_FOLDER_POLL_MS) : this.#options.pollMs;
    this.#poll = setTimeout(() => {
      void this.#enqueue(false).then(() => this.#schedulePoll());
    }, ms);
    this.#poll.unref();
  }
}

async function look(path: string): Promise<Sight> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return { folder: true, mark: await folderMark(path) };
    const mark = `${found.ino} ${found.mtimeMs} ${found.size}`;
    if (found.size <= MAX_FILE_BYTES) return { folder: false, mark };
    return { folder: false, mark, error: new ReleaseError("archive", `${path} has ${found.size} bytes`) };
  } catch (cause) {
    const error = new ReleaseError("source", `${path} can't be read: ${toError(cause).message}`, cause);
    return { folder: false, mark: error.message, error };
  }
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
