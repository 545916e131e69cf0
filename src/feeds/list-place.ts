/**
 * Where a signed list lies: a file with its statement beside it, or a URL likewise. The statement is looked at again and
 * again; the file is fetched only where somebody asks for it, which nobody does before the statement is believed.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { markAt } from "../file-mark.ts";
import { readBounded, UNHELD } from "../policy/bounded-file.ts";
import { ListError, listStoreError } from "../policy/list-error.ts";
import { MAX_STATEMENT_BYTES, statementFile } from "../policy/statement.ts";
import { problemOf } from "./feed-error.ts";
import { MAX_LIST_BYTES } from "./read-list.ts";

/** So much is hashed between two turns of the event loop. */
const COPY_BYTES = 256 * 1024;
const MODE = 0o600;

/**
 * What a look sees.
 *
 * @property mark - while it is the same, so is what lies there.
 * @property statement - undefined where there is none, or what is wrong with what there is.
 */
export interface ListSight {
  readonly mark: string;
  readonly statement: Uint8Array | ListError | undefined;
}

export interface ListPlace {
  /** How long a pair of which one half may be new gets until it is looked at again, milliseconds. */
  readonly rereadMs: number;
  /**
   * @param known - what was seen before: it is returned itself where it is still there.
   * @param isInForce - that is in force. What was refused may have come from somebody who is gone, with a word of what is
   *   there now: it is looked at whole.
   * @throws {ListError} step `download`, which passes.
   */
  look(known: ListSight | undefined, isInForce: boolean): Promise<ListSight>;
  /**
   * Copies the list's file as it is now; the copy is on the disk when this resolves.
   *
   * @returns the copy's digest, hex.
   * @throws {ListError} step `source`, `download`, `content` where it is too large, or `store`.
   */
  copy(to: string): Promise<string>;
  /** The digest of the file as it is now; undefined where looking costs too much. @throws {ListError} */
  digest(): Promise<string | undefined>;
  /** How long to wait for the next look, milliseconds, never longer than `ms`. */
  waitMs(ms: number): number;
  /** Ends what is under way; nobody looks any more. */
  close(): void;
}

export class FileListPlace implements ListPlace {
  readonly rereadMs = 250;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async look(known: ListSight | undefined): Promise<ListSight> {
    const mark = `${await markAt(this.#path)} ${await markAt(statementFile(this.#path))}`;
    if (mark === known?.mark) return known;
    try {
      const statement = await readBounded(statementFile(this.#path), MAX_STATEMENT_BYTES, "statement");
      return { mark, statement };
    } catch (error) {
      return { mark, statement: ListError.of(error) };
    }
  }

  async copy(to: string): Promise<string> {
    let target: FileHandle;
    try {
      target = await open(to, "w", MODE);
    } catch (error) {
      throw listStoreError("the list can't be copied", error);
    }
    try {
      const digest = await this.#read((chunk) =>
        target.writeFile(chunk).catch((error: unknown) => {
          throw listStoreError("the list can't be copied", error);
        }),
      );
      await target.sync().catch((error: unknown) => {
        throw listStoreError("the list can't be copied", error);
      });
      return digest;
    } finally {
      await target.close();
    }
  }

  async digest(): Promise<string> {
    return await this.#read(async () => {});
  }

  waitMs(ms: number): number {
    return ms;
  }

  close(): void {}

  /** @param take - is given the bytes, in pieces. @returns their digest. */
  async #read(take: (chunk: Uint8Array) => Promise<void>): Promise<string> {
    const hash = createHash("sha256");
    const file = await this.#open();
    try {
      const buffer = Buffer.alloc(COPY_BYTES);
      for (let total = 0; ; ) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, null).catch((error: unknown) => {
          throw this.#unreadable(error);
        });
        if (bytesRead === 0) return hash.digest("hex");
        total += bytesRead;
        if (total > MAX_LIST_BYTES) throw tooLarge(this.#path);
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        await take(chunk);
      }
    } finally {
      await file.close();
    }
  }

  async #open(): Promise<FileHandle> {
    let file: FileHandle;
    try {
      file = await open(this.#path, UNHELD);
    } catch (error) {
      throw this.#unreadable(error);
    }
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new ListError("source", `${this.#path} is no file`);
      if (found.size > MAX_LIST_BYTES) throw tooLarge(this.#path);
      return file;
    } catch (error) {
      await file.close();
      throw error instanceof ListError ? error : this.#unreadable(error);
    }
  }

  #unreadable(cause: unknown): ListError {
    return new ListError("source", `${this.#path}: ${problemOf(cause)}`, { cause });
  }
}

function tooLarge(name: string): ListError {
  return new ListError("content", `${name}: larger than ${MAX_LIST_BYTES} bytes`);
}
