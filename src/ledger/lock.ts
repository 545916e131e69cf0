/**
 * One `serve` for each state directory. The lock is SQLite's exclusive lock on a file that holds nothing: the
 * operating system keeps it, so that it ends with the process, however that ends. Who only reads the ledger
 * doesn't ask for it.
 */
import { join } from "node:path";
import { type Connection, connect } from "./database.ts";
import { LedgerError } from "./ledger.ts";

/** Another process serves from this state directory. Nothing may start beside it. */
export class LedgerLockedError extends Error {
  override readonly name = "LedgerLockedError";

  constructor() {
    super("another process serves from this state directory: one alone may write its ledger");
  }
}

export class ServeLock {
  readonly #connection: Connection;

  /**
   * @throws LedgerLockedError where another process, or this one, holds it.
   * @throws LedgerError where the file can't be made or locked.
   */
  constructor(directory: string) {
    this.#connection = connect(join(directory, "serve.lock"), 0);
    try {
      this.#connection.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      this.#connection.close();
      if (error instanceof Error && "code" in error && error.code === "SQLITE_BUSY") {
        throw new LedgerLockedError();
      }
      throw new LedgerError("LEDGER_UNAVAILABLE", "the state directory cannot be locked", error);
    }
  }

  release(): void {
    this.#connection.exec("ROLLBACK");
    this.#connection.close();
  }
}
