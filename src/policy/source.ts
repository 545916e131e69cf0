/**
 * Where releases come from: a release file, with its statement beside it where releases are signed, or, in
 * development, a folder of Rego that is built on every save.
 *
 * A check reads what is there, and only if it differs from what was seen before; what is live already is confirmed.
 * What is there is polled; the file system's own events are a hint that makes it sooner, since they get lost on some
 * file systems. One check runs at a time. A candidate that may have been half written, the archive or the pair, is
 * read a second time before it is refused. A refused candidate is not tried again before it changes, or somebody asks
 * (`checkNow`), or what refused it may have passed.
 */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Activation, Candidate } from "./activation.ts";
import { readBounded } from "./bounded-file.ts";
import type { LivePolicy } from "./live.ts";
import {
  LateReleaseError,
  MAX_RELEASE_BYTES,
  PassingReleaseError,
  ReleaseError,
  type ReleaseStep,
} from "./release.ts";
import { look } from "./source-files.ts";
import { MAX_STATEMENT_BYTES, statementFile } from "./statement.ts";

/**
 * @property path - a release file or a folder of Rego; need not exist yet.
 * @property pollMs - milliseconds between two looks.
 * @property activation - what candidates go through. @property live - where they go, and what is wrong is noted.
 * @property buildFolder - builds a folder into an archive's bytes; without it a folder is refused.
 */
export interface PolicySourceOptions {
  readonly path: string;
  readonly pollMs: number;
  readonly activation: Activation;
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
/** The first try after what refused a candidate may have passed; each next one comes after twice the time. */
const FIRST_RETRY_MS = 1000;
/** What takes too long each time is then not tried any more: it costs what the live one needs. */
const MAX_LATE_RETRY_MS = 16_000;

/** What a file that is being written, or one of two that is there before the other, may look like. */
const HALF_WRITTEN: ReadonlySet<ReleaseStep> = new Set([
  ...(["statement", "signatures", "payload", "digest", "archive"] as const),
]);

export class PolicySource {
  readonly #options: PolicySourceOptions;
  #seen: string | undefined;
  /** Whether what was seen is what is live. */
  #seenLive = false;
  #retryMs: number | undefined;
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

  /** Where nothing good lies there and nothing is live, the last release that was kept goes live. */
  async #check(again: boolean): Promise<CheckResult> {
    const result = await this.#checkPlace(again);
    const { live, activation } = this.#options;
    if (live.current === undefined && !this.#closed) await activation.fallBack();
    return { ...result, live: live.current?.identity.revision };
  }

  async #checkPlace(again: boolean): Promise<CheckResult> {
    const { live, path, activation } = this.#options;
    if (this.#closed) return this.#result(false);
    const sight = await look(path, activation);
    this.#watch(sight.folder);
    if (sight.mark === this.#seen && !again) {
      if (this.#seenLive) await activation.confirm();
      return this.#result(false);
    }
    this.#seen = sight.mark;
    this.#seenLive = false;
    try {
      if (sight.error !== undefined) throw sight.error;
      const changed = await this.#offer(sight.folder);
      this.#seenLive = true;
      this.#retryMs = undefined;
      return this.#result(changed);
    } catch (error) {
      const isRetry = this.#retryMs !== undefined && !again;
      this.#planRetry(error);
      // What was said is not said again at each try.
      if (isRetry && isSame(error, live.lastError)) return this.#result(false);
      const { step, message } = live.refuse(error);
      return this.#result(false, `${step}: ${message}`);
    }
  }

  #planRetry(error: unknown): void {
    const isLate = error instanceof LateReleaseError && (this.#retryMs ?? 0) < MAX_LATE_RETRY_MS;
    if (!isLate && !(error instanceof PassingReleaseError)) {
      this.#retryMs = undefined;
      return;
    }
    this.#seen = undefined;
    this.#retryMs = this.#retryMs === undefined ? FIRST_RETRY_MS : this.#retryMs * 2;
  }

  async #offer(folder: boolean): Promise<boolean> {
    const { activation } = this.#options;
    const candidate = await this.#read(folder);
    try {
      return await activation.offer(candidate, this.#started);
    } catch (error) {
      const mayBeHalf = error instanceof ReleaseError && HALF_WRITTEN.has(error.step);
      if (folder || !mayBeHalf) throw error;
      await sleep(REREAD_MS);
      const again = await this.#read(folder);
      if (isSamePair(again, candidate)) throw error;
      return await activation.offer(again, this.#started);
    }
  }

  async #read(folder: boolean): Promise<Candidate> {
    const { path, activation } = this.#options;
    if (folder) return { archive: await this.#build() };
    const statement = activation.isSigned
      ? await readBounded(statementFile(path), MAX_STATEMENT_BYTES, "statement")
      : undefined;
    const archive = await readBounded(path, MAX_RELEASE_BYTES, "archive");
    if (archive === undefined) throw new ReleaseError("source", `${path} can't be read: it is not there`);
    return { archive, statement };
  }

  async #build(): Promise<Uint8Array> {
    const { path, buildFolder } = this.#options;
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
        const names = [basename(path), basename(statementFile(path))];
        if (folder || name === null || names.includes(name)) this.#hinted();
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
    const { path, pollMs } = this.#options;
    const most = this.#watched === path ? MAX_FOLDER_POLL_MS : (this.#retryMs ?? pollMs);
    const ms = Math.min(pollMs, most);
    this.#poll = setTimeout(() => {
      void this.#enqueue(false).then(() => this.#schedulePoll());
    }, ms);
    this.#poll.unref();
  }
}

function isSame(
  error: unknown,
  said: { readonly step: ReleaseStep; readonly message: string } | undefined,
): boolean {
  return error instanceof ReleaseError && error.step === said?.step && error.message === said.message;
}

function isSamePair(one: Candidate, other: Candidate): boolean {
  const none = new Uint8Array();
  return (
    Buffer.compare(one.archive, other.archive) === 0 &&
    Buffer.compare(one.statement ?? none, other.statement ?? none) === 0
  );
}
