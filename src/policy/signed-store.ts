/**
 * What a folder keeps of signed files, of releases or of one list: the last good one with its statement, so that a server
 * whose source is down or holds nothing good starts with it; and what is remembered besides (`kept-state.ts`).
 *
 * The last good one is two files, and no file system replaces two at once. So the file is named by its digest and put
 * there first; the statement, which names the digest, is written last and is what counts. Whenever the process ends, what
 * lies there is the old pair or the new one:
 *
 * 1. the file is there, flushed, under a name that ends in `.part`, and takes the name of its digest; the folder is
 *    flushed;
 * 2. `last.statement.json.….part` is written, flushed, and takes its name: from here on the new pair is the last good one;
 * 3. files that no statement names, and parts of files, are removed.
 *
 * Nothing here is believed when it is read back: it goes through the same checks as what comes from the source.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { SHA256 } from "../sha256.ts";
import { messageOf } from "../thrown.ts";
import { readBounded } from "./bounded-file.ts";
import { KeptState, type QuarantinedFile } from "./kept-state.ts";
import { PassingReleaseError, type ReleaseError } from "./release.ts";
import { MAX_STATEMENT_BYTES, readEnvelope, type Statement, type StatementEnvelope } from "./statement.ts";

const STATEMENT = "last.statement.json";
const STATE = "state.json";
const MAX_CONFIRM_EVERY_MS = 60_000;

/** Nobody else's to read: a list may name whom somebody deals with. */
export const KEPT_MODE = 0o600;

/**
 * @property name - what it is called in messages. @property extension - of its file: `.csv`.
 * @property steps - that may put something into quarantine. @property read - what its statement says.
 */
export interface StoredKind<Step extends string> {
  readonly name: string;
  readonly extension: string;
  readonly steps: readonly Step[];
  readonly read: (envelope: StatementEnvelope) => Statement;
}

/**
 * @property confirmEveryMs - how much of a confirmation's time may be lost with the process.
 * @property failed - is told where the folder or what lies in it can't be used: then nothing is in quarantine, and
 *   nothing was ever confirmed.
 * @property isReadOnly - for a trial: nothing is written.
 */
export interface SignedStoreOptions {
  readonly confirmEveryMs: number;
  readonly failed: (error: ReleaseError) => void;
  readonly isReadOnly?: boolean;
}

/** What a server loses of a confirmation's time at the most, milliseconds. @param maxAgeMs - how long one holds. */
export function confirmEvery(maxAgeMs: number): number {
  return Math.min(MAX_CONFIRM_EVERY_MS, maxAgeMs / 10);
}

export abstract class SignedStore<Step extends string> {
  protected readonly folder: string;
  protected readonly isReadOnly: boolean;
  protected readonly state: KeptState<Step>;
  readonly #kind: StoredKind<Step>;
  readonly #failed: SignedStoreOptions["failed"];

  protected constructor(folder: string, options: SignedStoreOptions, kind: StoredKind<Step>) {
    const { confirmEveryMs, failed, isReadOnly = false } = options;
    this.folder = folder;
    this.isReadOnly = isReadOnly;
    this.state = new KeptState(join(folder, STATE), { steps: kind.steps, confirmEveryMs, isReadOnly });
    this.#kind = kind;
    this.#failed = failed;
  }

  /** Reads what is remembered; the folder is made where it is not there. */
  protected async opened(): Promise<this> {
    try {
      await this.state.read();
    } catch (error) {
      this.#failed(storeError(`${this.folder} can't be used`, error));
    }
    return this;
  }

  /** The newest first. */
  get quarantined(): readonly QuarantinedFile<Step>[] {
    return this.state.quarantined;
  }

  /** Why a file is in quarantine, where it is. A higher sequence lifts it. */
  quarantineOf(digest: string, sequence: number): QuarantinedFile<Step> | undefined {
    return this.state.quarantineOf(digest, sequence);
  }

  /** In force at once; on the disk when it resolves. @throws {ReleaseError} step `store`. */
  async quarantine(entry: QuarantinedFile<Step>): Promise<void> {
    await this.saved(this.state.quarantine(entry));
  }

  /** When the source last had this file, as far as is known; 0 for never. Milliseconds since the epoch. */
  confirmedAt(digest: string): number {
    return this.state.confirmedAt(digest);
  }

  /** The source has this file. @throws {ReleaseError} step `store`. */
  async confirm(digest: string, nowMs: number): Promise<void> {
    await this.saved(this.state.confirm(digest, nowMs));
  }

  /** @throws {ReleaseError} step `store`. */
  protected async saved(writing: Promise<void>): Promise<void> {
    await this.attempt(`what is known of the ${this.#kind.name} can't be written`, () => writing);
  }

  /**
   * The last good one's statement, and what `read` gives for the digest that it names; undefined where there is none.
   * Both are unproven.
   *
   * @throws {ReleaseError} step `store` where it is there and can't be read.
   */
  protected async lastOf<T>(
    read: (digest: string) => T | Promise<T>,
  ): Promise<{ readonly statement: Uint8Array; readonly file: T } | undefined> {
    return await this.attempt(`the last good ${this.#kind.name} can't be read`, async () => {
      const statement = await readBounded(join(this.folder, STATEMENT), MAX_STATEMENT_BYTES, "store");
      if (statement === undefined) return undefined;
      return { statement, file: await read(this.#kind.read(readEnvelope(statement)).sha256) };
    });
  }

  /** From here on the file that it names is the last good one. @throws the system's error: the one before still is. */
  protected async writeStatement(statement: Uint8Array): Promise<void> {
    await writeDurably(join(this.folder, STATEMENT), statement, KEPT_MODE);
  }

  protected fileOf(digest: string): string {
    return join(this.folder, `${digest}${this.#kind.extension}`);
  }

  /** Removes what is not of the last good one. What can't be removed lies there and does no harm. */
  protected async tidy(digest: string): Promise<void> {
    const { extension } = this.#kind;
    const isFile = (name: string): boolean =>
      name.endsWith(extension) && SHA256.test(name.slice(0, -extension.length));
    try {
      for (const name of await readdir(this.folder)) {
        const isOld = isFile(name) && !name.startsWith(digest);
        if (isOld || name.endsWith(".part")) await rm(join(this.folder, name), { force: true });
      }
    } catch {}
  }

  /** @throws {ReleaseError} step `store`, with these words before the system's. */
  protected async attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeError(what, error);
    }
  }
}

/** What this machine could not keep: it passes. */
function storeError(what: string, error: unknown): ReleaseError {
  return new PassingReleaseError("store", `${what}: ${messageOf(error)}`, error);
}
