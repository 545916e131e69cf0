/**
 * Opening the ledger's file: made where it isn't there, brought up to date, and its newest entries checked. All
 * this is done once for a process, before anything is written; see `reader.ts` and `writer.ts` for what follows.
 */
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { chainHash, GENESIS } from "./chain.ts";
import { type Connection, connect, Statement, toLedgerError } from "./database.ts";
import { LedgerError } from "./ledger.ts";
import { migrate } from "./migrate.ts";

/** Milliseconds. Nobody else writes but an operator's tools, for a moment. */
const BUSY_MS = 1_000;
/** How many of the newest entries are hashed again: a few milliseconds. */
const TAIL = 1_000;

/** The newest entry; sequence 0 and time 0 before the first. */
export interface Head {
  readonly seq: number;
  readonly hash: Buffer;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * @returns a connection that can only read, and doesn't wait.
 * @throws LedgerError
 */
export async function openDatabase(path: string): Promise<{ connection: Connection; head: Head }> {
  let connection: Connection | undefined;
  try {
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
    const isComplete = isTakenOver(path);
    connection = connectDurably(path);
    if (isComplete) assertWholePages(connection, path);
    await migrate(connection);
    connection.exec("UPDATE process SET through = 0 WHERE through <> 0");
    const head = checkTail(connection);
    return { connection: onlyReading(connection), head };
  } catch (error) {
    connection?.close();
    throw toLedgerError(error);
  }
}

/**
 * A connection as `openDatabase` returns it, to a ledger that this process has opened before.
 *
 * @throws LedgerError, and as SQLite does.
 */
export function connectReading(path: string): Connection {
  return onlyReading(connect(path, 0));
}

/** The driver has an option for it, and doesn't heed it. Waiting would hold the event loop. */
function onlyReading(connection: Connection): Connection {
  connection.pragma("query_only=ON");
  connection.pragma("busy_timeout=0");
  return connection;
}

/**
 * A connection with the settings of a writer: what is committed is on the disk.
 *
 * @throws as SQLite does, and LedgerError.
 */
export function connectDurably(path: string): Connection {
  const connection = connect(path, BUSY_MS);
  const mode = new Statement(connection, "PRAGMA journal_mode=WAL").first([])?.text(0);
  if (mode !== "wal") throw new LedgerError("LEDGER_UNAVAILABLE", "the ledger's log cannot be written ahead");
  connection.pragma("synchronous=FULL");
  return connection;
}

/** Whether the database is all there is: with a log beside it, its own pages may be half written. */
function isTakenOver(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** SQLite takes what is missing of the last page for zeros. */
function assertWholePages(connection: Connection, path: string): void {
  const page = new Statement(connection, "PRAGMA page_size").first([])?.integer(0) ?? 1;
  if (statSync(path).size % page !== 0) {
    throw new LedgerError("LEDGER_CORRUPT", "the ledger's file ends within a page");
  }
}

export function headOf(connection: Connection): Head {
  const newest = new Statement(connection, "SELECT seq, hash, at FROM entries ORDER BY seq DESC LIMIT 1");
  const row = newest.first([]);
  if (row === undefined) return { seq: 0, hash: GENESIS, at: 0 };
  return { seq: row.integer(0), hash: row.bytes(1), at: row.integer(2) };
}

/** Hashes the newest entries again. */
function checkTail(connection: Connection): Head {
  const head = headOf(connection);
  const from = Math.max(head.seq - TAIL, 0);
  const before = new Statement(connection, "SELECT hash FROM entries WHERE seq = ?").first([from]);
  let hash = from === 0 ? GENESIS : (before?.bytes(0) ?? broken(from));
  let seq = from;
  const rows = new Statement(connection, "SELECT seq, row, hash FROM entries WHERE seq > ? ORDER BY seq");
  for (const row of rows.all([from])) {
    seq += 1;
    hash = chainHash(hash, row.text(1));
    if (row.integer(0) !== seq || !hash.equals(row.bytes(2))) broken(seq);
  }
  const bodies = new Statement(connection, "SELECT seq FROM bodies WHERE seq > ? LIMIT 1").first([head.seq]);
  if (bodies !== undefined) broken(head.seq + 1);
  return head;
}

function broken(seq: number): never {
  throw new LedgerError("LEDGER_CORRUPT", `the chain is broken at entry ${seq}`);
}
