/**
 * SQLite as the ledger uses it: connections, statements whose rows are arrays, and what each of its errors means.
 *
 * A `get` or a finished `all` leaves no reading open behind it, so outside a transaction nothing holds the
 * write-ahead log. Where a thread is terminated in here, or a closed connection is asked anything, the driver takes
 * the process with it.
 */
import Libsql from "libsql";
import { LedgerError } from "./ledger.ts";

export type Connection = Libsql.Database;
export type Value = string | number | Uint8Array | null;

/** SQLite's primary result codes, as far as they mean something of their own. */
const FULL = 13;
const CORRUPT = [11, 26];
const CONSTRAINT = 19;
/** Extended ones: a primary key, or a unique index, that has the value already. */
const TWICE = [1555, 2067];

/**
 * @param busyMs - how long a statement waits for another connection's lock, milliseconds.
 * @throws LedgerError
 */
export function connect(path: string, busyMs: number): Connection {
  try {
    const connection = new Libsql(path);
    connection.pragma(`busy_timeout=${busyMs}`);
    return connection;
  } catch (error) {
    throw toLedgerError(error);
  }
}

/** One row: columns in the order of the query. */
export class Row {
  readonly #values: readonly unknown[];

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  integer(at: number): number {
    const value = this.#values[at];
    return typeof value === "number" ? value : unexpected(at);
  }

  text(at: number): string {
    const value = this.#values[at];
    return typeof value === "string" ? value : unexpected(at);
  }

  bytes(at: number): Buffer {
    const value = this.#values[at];
    return Buffer.isBuffer(value) ? value : unexpected(at);
  }

  optionalInteger(at: number): number | undefined {
    return this.#values[at] === null ? undefined : this.integer(at);
  }

  optionalText(at: number): string | undefined {
    return this.#values[at] === null ? undefined : this.text(at);
  }

  optionalBytes(at: number): Buffer | undefined {
    return this.#values[at] === null ? undefined : this.bytes(at);
  }
}

function unexpected(at: number): never {
  throw new LedgerError("LEDGER_CORRUPT", `column ${at} is not of its type`);
}

/**
 * A prepared statement. Errors leave it as SQLite's: see {@link toLedgerError}.
 *
 * One handle is asked for single rows and another one for all: after `all`, the driver's `get` answers with the last
 * row of that where it should say that there is none (libsql 0.5.29).
 */
export class Statement {
  readonly #connection: Connection;
  readonly #sql: string;
  readonly #statement: Handle;
  #single: Handle | undefined;

  constructor(connection: Connection, sql: string) {
    this.#connection = connection;
    this.#sql = sql;
    this.#statement = prepared(connection, sql);
  }

  run(values: readonly Value[]): void {
    this.#statement.run(values);
  }

  first(values: readonly Value[]): Row | undefined {
    this.#single ??= prepared(this.#connection, this.#sql);
    const row = this.#single.get(values);
    return Array.isArray(row) ? new Row(row) : undefined;
  }

  all(values: readonly Value[]): Row[] {
    const rows: Row[] = [];
    for (const row of this.#statement.all(values)) if (Array.isArray(row)) rows.push(new Row(row));
    return rows;
  }
}

type Handle = ReturnType<Connection["prepare"]>;

function prepared(connection: Connection, sql: string): Handle {
  const statement = connection.prepare(sql);
  if (statement.reader) statement.raw(true);
  return statement;
}

/** SQLite's extended result code; `undefined` for what is no error of its statements. */
function resultOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("rawCode" in error)) return undefined;
  return typeof error.rawCode === "number" ? error.rawCode : undefined;
}

/** What an error means for the ledger. Messages of statements name no path; that of opening does, and is dropped. */
export function toLedgerError(error: unknown): LedgerError {
  if (error instanceof LedgerError) return error;
  const result = resultOf(error);
  if (result === undefined || !(error instanceof Error)) {
    return new LedgerError("LEDGER_UNAVAILABLE", "the ledger cannot be opened", error);
  }
  const primary = result & 0xff;
  if (primary === FULL) return new LedgerError("LEDGER_FULL", "the disk is full", error);
  const isCorrupt = CORRUPT.includes(primary) || TWICE.includes(result);
  return new LedgerError(isCorrupt ? "LEDGER_CORRUPT" : "LEDGER_UNAVAILABLE", error.message, error);
}

/**
 * Whether an error is of what was to be written, not of the ledger: an id that is there already, or a value that
 * can't be stored. The ledger itself gives all other numbers; where one of them is taken, the tables don't fit.
 */
export function isOfTheEntry(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof LedgerError) return false;
  const result = resultOf(error);
  if (result === undefined) return isThrownByCode(error);
  if (TWICE.includes(result)) return error.message.endsWith("entries.id");
  return (result & 0xff) === CONSTRAINT;
}

function isThrownByCode(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}
