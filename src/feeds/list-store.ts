/**
 * What `state_dir/lists/NAME` keeps of one signed list: the last one that came into force, so that a server whose source
 * is down or holds nothing good starts with it; which files are in quarantine; and when the source last had the one in
 * force. As with releases no file system replaces two files at once, so the list is named by its digest, and the
 * statement, which names the digest, is written last and is what counts:
 *
 * 1. `next.part` is the candidate's copy, flushed; nothing else than this copy is read of it from here on;
 * 2. it takes the name `DIGEST.csv`; the folder is flushed;
 * 3. `last.statement.json.….part` is written, flushed, and takes its name: from here on the new pair is the last good one;
 * 4. lists that no statement names, and parts of files, are removed.
 *
 * Nothing here is believed when it is read back: it goes through the same checks as what comes from the source.
 */
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { readBounded } from "../policy/bounded-file.ts";
import { KeptState, type QuarantinedFile } from "../policy/kept-state.ts";
import { LIST_STEPS, type ListError, type ListStep, listStoreError } from "../policy/list-error.ts";
import { MAX_STATEMENT_BYTES, readEnvelope, readListPayload } from "../policy/statement.ts";

const STATEMENT = "last.statement.json";
const STATE = "state.json";
const NEXT = "next.part";
const MODE = 0o600;

/** A file that enough keys vouched for and that is no good list. */
export type QuarantinedList = QuarantinedFile<ListStep>;

/** Where it lies, of all lists. */
export function listsFolder(stateDir: string): string {
  return join(stateDir, "lists");
}

/** A list's two files. @property path - where its file lies: unread, and unproven. */
export interface StoredList {
  readonly statement: Uint8Array;
  readonly path: string;
}

/**
 * @property confirmEveryMs - how much of a confirmation's time may be lost with the process.
 * @property failed - is told where the folder or what lies in it can't be used: then nothing is in quarantine, and
 *   nothing was ever confirmed.
 * @property isReadOnly - for a trial: nothing is written there. @property staging - where copies are made then.
 */
export interface ListStoreOptions {
  readonly confirmEveryMs: number;
  readonly failed: (error: ListError) => void;
  readonly isReadOnly?: boolean;
  readonly staging?: string;
}

export class ListStore {
  readonly #folder: string;
  readonly #options: ListStoreOptions;
  readonly #state: KeptState<ListStep>;

  private constructor(folder: string, options: ListStoreOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#state = new KeptState(join(folder, STATE), { ...options, steps: LIST_STEPS });
  }

  /** @param folder - of this list alone; made where it is not there. */
  static async open(folder: string, options: ListStoreOptions): Promise<ListStore> {
    const store = new ListStore(folder, options);
    try {
      await store.#state.read();
    } catch (error) {
      options.failed(listStoreError(`${folder} can't be used`, error));
    }
    return store;
  }

  /** The newest first. */
  get quarantined(): readonly QuarantinedList[] {
    return this.#state.quarantined;
  }

  /** Why a file is in quarantine, where it is. A higher sequence lifts it. */
  quarantineOf(digest: string, sequence: number): QuarantinedList | undefined {
    return this.#state.quarantineOf(digest, sequence);
  }

  /** In force at once; on the disk when it resolves. @throws {ListError} step `store`. */
  async quarantine(entry: QuarantinedList): Promise<void> {
    await saved(this.#state.quarantine(entry));
  }

  /** When the source last had this file, as far as is known; 0 for never. Milliseconds since the epoch. */
  confirmedAt(digest: string): number {
    return this.#state.confirmedAt(digest);
  }

  /** The source has this file. @throws {ListError} step `store`. */
  async confirm(digest: string, nowMs: number): Promise<void> {
    await saved(this.#state.confirm(digest, nowMs));
  }

  /** Where a candidate is copied to: there is one at a time. @throws {ListError} step `store`. */
  async next(): Promise<string> {
    const { staging = this.#folder } = this.#options;
    try {
      await mkdir(staging, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw listStoreError(`${staging} can't be used`, error);
    }
    return join(staging, NEXT);
  }

  /**
   * The last good list; undefined where there is none.
   *
   * @throws {ListError} step `store` where it is there and can't be read.
   */
  async last(): Promise<StoredList | undefined> {
    try {
      const statement = await readBounded(join(this.#folder, STATEMENT), MAX_STATEMENT_BYTES, "store");
      if (statement === undefined) return undefined;
      return { statement, path: this.#file(readListPayload(readEnvelope(statement)).sha256) };
    } catch (error) {
      throw listStoreError("the last good list can't be read", error);
    }
  }

  /**
   * Keeps the copy in the place of the last good list; it is on the disk when this resolves.
   *
   * @param digest - of the copy, in hex; the statement names it.
   * @throws {ListError} step `store`: the one before is still there.
   */
  async keep(next: string, statement: Uint8Array, digest: string): Promise<void> {
    if (this.#options.isReadOnly === true) return;
    try {
      await rename(next, this.#file(digest));
      await flushFolder(this.#folder);
    } catch (error) {
      throw listStoreError("the list can't be stored", error);
    }
    await this.keepStatement(statement);
    await this.#tidy(digest);
  }

  /** The last good list has more signatures. @throws {ListError} step `store`. */
  async keepStatement(statement: Uint8Array): Promise<void> {
    if (this.#options.isReadOnly === true) return;
    try {
      await writeDurably(join(this.#folder, STATEMENT), statement, MODE);
    } catch (error) {
      throw listStoreError("the list's statement can't be stored", error);
    }
  }

  #file(digest: string): string {
    return join(this.#folder, `${digest}.csv`);
  }

  /** What can't be removed lies there and does no harm. */
  async #tidy(digest: string): Promise<void> {
    try {
      for (const name of await readdir(this.#folder)) {
        const isOld = /^[0-9a-f]{64}\.csv$/.test(name) && !name.startsWith(digest);
        if (isOld || name.endsWith(".part")) await rm(join(this.#folder, name), { force: true });
      }
    } catch {}
  }
}

/** A name is on the disk only when its folder is. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function saved(writing: Promise<void>): Promise<void> {
  await writing.catch((error: unknown) => {
    throw listStoreError("what is known of the list can't be written", error);
  });
}
