/**
 * What `state_dir/lists/NAME` keeps of one signed list: the last one that came into force, which files are in quarantine,
 * and when the source last had the one in force. A candidate is copied there as `next.part`; nothing else than this copy
 * is read of it from then on, and the copy itself becomes the last good list.
 */
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { flushFolder } from "../durable-file.ts";
import type { QuarantinedFile } from "../policy/kept-state.ts";
import { LIST_STEPS, type ListStep } from "../policy/list-error.ts";
import { SignedStore, type SignedStoreOptions, type StoredKind } from "../policy/signed-store.ts";
import { readListPayload } from "../policy/statement.ts";

const NEXT = "next.part";

/** A file that enough keys vouched for and that is no good list. */
export type QuarantinedList = QuarantinedFile<ListStep>;

const KIND: StoredKind<ListStep> = {
  name: "list",
  extension: ".csv",
  steps: LIST_STEPS,
  read: readListPayload,
};

/** Where it lies, of all lists. */
export function listsFolder(stateDir: string): string {
  return join(stateDir, "lists");
}

/** A list's two files. @property path - where its file lies: unread, and unproven. */
export interface StoredList {
  readonly statement: Uint8Array;
  readonly path: string;
}

/** @property staging - where copies are made; absent: in the list's folder. */
export interface ListStoreOptions extends SignedStoreOptions {
  readonly staging?: string;
}

export class ListStore extends SignedStore<ListStep> {
  readonly #staging: string;

  private constructor(folder: string, options: ListStoreOptions) {
    super(folder, options, KIND);
    this.#staging = options.staging ?? folder;
  }

  /** @param folder - of this list alone; made where it is not there. */
  static async open(folder: string, options: ListStoreOptions): Promise<ListStore> {
    return await new ListStore(folder, options).opened();
  }

  /** Where a candidate is copied to: there is one at a time. @throws {ReleaseError} step `store`. */
  async next(): Promise<string> {
    await this.attempt(`${this.#staging} can't be used`, () =>
      mkdir(this.#staging, { recursive: true, mode: 0o700 }),
    );
    return join(this.#staging, NEXT);
  }

  /**
   * The last good list; undefined where there is none.
   *
   * @throws {ReleaseError} step `store` where it is there and can't be read.
   */
  async last(): Promise<StoredList | undefined> {
    const found = await this.lastOf((digest) => this.fileOf(digest));
    return found && { statement: found.statement, path: found.file };
  }

  /**
   * Keeps the copy in the place of the last good list; it is on the disk when this resolves.
   *
   * @param digest - of the copy, in hex; the statement names it.
   * @throws {ReleaseError} step `store`: the one before is still there.
   */
  async keep(next: string, statement: Uint8Array, digest: string): Promise<void> {
    if (this.isReadOnly) return;
    await this.attempt("the list can't be stored", async () => {
      await rename(next, this.fileOf(digest));
      await flushFolder(this.folder);
    });
    await this.keepStatement(statement);
    await this.tidy(digest);
  }

  /** The last good list is under another statement, or under more signatures. @throws {ReleaseError} step `store`. */
  async keepStatement(statement: Uint8Array): Promise<void> {
    if (this.isReadOnly) return;
    await this.attempt("the list's statement can't be stored", () => this.writeStatement(statement));
  }
}
