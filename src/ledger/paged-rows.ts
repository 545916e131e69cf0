/** Tables read in the order of an integer key, page by page: constant memory, and nothing stays open between. */
import { LedgerError } from "./ledger.ts";
import type { Connection } from "./read-connection.ts";

/** One row as the driver has it: its columns in the order of the query. */
export type Columns = readonly unknown[];

/**
 * A reader with the next row in sight.
 *
 * @typeParam T - what a row is read as; its first column is the key.
 */
export class PagedRows<T> {
  readonly #page: (after: number) => readonly unknown[];
  readonly #read: (columns: Columns) => T;
  readonly #size: number;
  #rows: readonly unknown[] = [];
  #at = 0;
  #after: number;
  #ended = false;
  #next: T | undefined;

  /**
   * @param query - columns and table: `seq, at FROM entries`. @param key - the first of the columns.
   * @param after - where to begin: the first row has a key above it. @param upTo - the last key there may be.
   * @param size - rows a page. @param grouped - whether all rows of a key are one, of which the columns are aggregates.
   */
  constructor(
    database: Connection,
    query: {
      readonly select: string;
      readonly key: string;
      readonly after?: number;
      readonly upTo?: number;
      readonly size: number;
      readonly grouped?: boolean;
    },
    read: (columns: Columns) => T,
  ) {
    const { select, key, after = Number.MIN_SAFE_INTEGER, upTo = Number.MAX_SAFE_INTEGER, size } = query;
    const group = query.grouped === true ? `GROUP BY ${key}` : "";
    const statement = database
      .prepare(`SELECT ${select} WHERE ${key} > ? AND ${key} <= ? ${group} ORDER BY ${key} LIMIT ${size}`)
      .raw(true);
    this.#page = (from) => statement.all(from, upTo);
    this.#read = read;
    this.#size = size;
    this.#after = after;
    this.#advance();
  }

  /** The next row, without taking it. */
  get next(): T | undefined {
    return this.#next;
  }

  take(): T | undefined {
    const row = this.#next;
    this.#advance();
    return row;
  }

  #advance(): void {
    this.#next = undefined;
    if (this.#at === this.#rows.length) {
      if (this.#ended) return;
      this.#rows = this.#page(this.#after);
      this.#at = 0;
      this.#ended = this.#rows.length < this.#size;
    }
    const columns = this.#rows[this.#at];
    if (!Array.isArray(columns)) return;
    this.#at += 1;
    this.#after = integer(columns[0]);
    this.#next = this.#read(columns);
  }
}

export function integer(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw unexpected("an integer");
}

export function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw unexpected("text");
}

export function blob(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw unexpected("bytes");
}

/** `read` of what is not NULL, null of what is. */
export function orNull<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null ? null : read(value);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/**
 * Text that was read as bytes, `CAST(… AS BLOB)`: whatever a file holds that was tampered with can be read so. Of text
 * that is no UTF-8 the driver ends the process.
 */
export function castText(value: unknown): string {
  return utf8Of(blob(value));
}

export function utf8Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function unexpected(wanted: string): LedgerError {
  return new LedgerError("LEDGER_CORRUPT", `a column holds something else than ${wanted}`);
}
