/**
 * A connection that only reads, beside a server that writes or without one. `libsql` has no such mode of its own:
 * its option is not honoured, and what is not there is created. So the file must be there, and the connection is
 * told to write nothing.
 */
import { statSync } from "node:fs";
import Database from "libsql";
import { LedgerError } from "./ledger.ts";
import { MIGRATIONS } from "./schema.ts";

export type Connection = Database.Database;

/** A writer holds the file for moments only, when it recovers or checkpoints. */
const BUSY_MS = 5_000;

/**
 * @throws LedgerError `LEDGER_UNAVAILABLE` where there is no ledger, it cannot be read or was written by an older
 *   version, `LEDGER_CORRUPT` where it is none, or was written by a newer one.
 */
export function openToRead(file: string): Connection {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true) throw new LedgerError("LEDGER_UNAVAILABLE", "there is no ledger yet");
  let database: Connection | undefined;
  try {
    database = new Database(file);
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    database.exec("PRAGMA query_only = ON");
    assertKnown(database);
    return database;
  } catch (error) {
    database?.close();
    throw readingError(error);
  }
}

/** Runs `work` over one state of the ledger, whatever is written meanwhile. */
export function inSnapshot<T>(database: Connection, work: () => T): T {
  database.exec("BEGIN");
  try {
    return work();
  } catch (error) {
    throw readingError(error);
  } finally {
    endReading(database);
  }
}

function endReading(database: Connection): void {
  try {
    database.exec("COMMIT");
  } catch {
    // A damaged file may have ended it already; closing the connection does.
  }
}

/** SQLite's error by the ledger's code; what is not SQLite's stays as it is. */
export function readingError(error: unknown): unknown {
  if (error instanceof LedgerError || !(error instanceof Error)) return error;
  const code: unknown = Reflect.get(error, "code");
  const corrupt =
    /^SQLITE_(CORRUPT|NOTADB)/.test(String(code)) || /malformed|not a database/i.test(error.message);
  if (corrupt) return new LedgerError("LEDGER_CORRUPT", "the ledger's file is damaged", error);
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) return error;
  return new LedgerError("LEDGER_UNAVAILABLE", `the ledger cannot be read (${code})`, error);
}

function assertKnown(database: Connection): void {
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .raw(true)
    .all()
    .flat();
  if (!tables.includes("entries")) throw new LedgerError("LEDGER_CORRUPT", "the file holds no ledger");
  if (!tables.includes("kysely_migration")) return;
  const run = database.prepare("SELECT name FROM kysely_migration").raw(true).all().flat();
  if (run.some((name) => !Object.hasOwn(MIGRATIONS, String(name)))) {
    throw new LedgerError("LEDGER_CORRUPT", "the ledger was written by a newer version");
  }
  if (Object.keys(MIGRATIONS).some((name) => !run.includes(name))) {
    const help = "a server that starts brings it up to date";
    throw new LedgerError("LEDGER_UNAVAILABLE", `the ledger was written by an older version: ${help}`);
  }
}
