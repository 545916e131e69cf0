/**
 * The writing side's connection and what it does with each order. An order either is on the disk when it is
 * answered, or it was rolled back and what was remembered of it is read from the disk again.
 *
 * A group of entries is one transaction. Where one of them can't be written, the group is rolled back and written
 * once more entry by entry, each within a savepoint, so that the bad one fails alone.
 */
import { type Connection, isOfTheEntry, Statement } from "./database.ts";
import { EntryWriter } from "./entry-writer.ts";
import { FactLog } from "./fact-log.ts";
import { LedgerError } from "./ledger.ts";
import { connectDurably } from "./open-database.ts";
import { Retention } from "./retention.ts";
import type { OrderedEntry, WriterAnswer, WriterOrder, Written } from "./writer-protocol.ts";

/** How long shapes may catch up in one order, milliseconds: decisions wait for it. */
const CATCH_UP_MS = 4;
/** What a disk must have room for before it counts as no longer full. */
const PROBE_BYTES = 262_144;
/** Bytes of a ledger that is looked through when it is opened. */
const MAX_CHECKED = 67_108_864;
/**
 * Entries after which the log is taken over into the database: a few megabytes, and some four milliseconds in which what
 * comes next waits. More often it takes more time in all, since pages that all entries touch are written each time.
 */
const TAKE_OVER_AFTER = 96;
/** What another order than one of entries counts for. */
const OTHER_ORDER = 12;
/** Pages of the log that SQLite takes over by itself, whoever waits for it, should it ever get so long. */
const MAX_LOG_PAGES = 16_000;
/** The pages that entries come to, scattered over the keys of facts, are not read again for each. */
const CACHE_KIB = 32_768;

type Good = Extract<WriterAnswer, { ok: true }>;

export class WriterSession {
  readonly #connection: Connection;
  readonly #facts: FactLog;
  readonly #writer: EntryWriter;
  readonly #retention: Retention;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #through: Statement;
  /** Entries since the log was taken over. */
  #untidied = 0;

  /** @throws as SQLite does, and LedgerError. */
  constructor(path: string) {
    this.#connection = connectDurably(path);
    this.#connection.pragma(`wal_autocheckpoint=${MAX_LOG_PAGES}`);
    this.#connection.pragma(`cache_size=-${CACHE_KIB}`);
    this.#facts = new FactLog(this.#connection);
    this.#writer = new EntryWriter(this.#connection, this.#facts);
    this.#retention = new Retention(this.#connection);
    this.#begin = new Statement(this.#connection, "BEGIN IMMEDIATE");
    this.#commit = new Statement(this.#connection, "COMMIT");
    this.#through = new Statement(this.#connection, "UPDATE process SET through = ?");
  }

  /** @throws as SQLite does, and LedgerError: then nothing of the order was done. */
  do(order: Exclude<WriterOrder, { type: "close" }>): Good {
    switch (order.type) {
      case "append":
        return this.#append(order.entries);
      case "keep":
        return this.#answer([], this.#keep(order.shapes));
      case "prices":
        this.#transaction(() => {
          const save = new Statement(this.#connection, "INSERT OR REPLACE INTO prices VALUES (?, ?, ?)");
          for (const [token, { usd, at }] of order.prices) save.run([token, usd, at]);
        });
        return this.#answer([]);
      case "checkpoint":
        this.#transaction(() => {
          const save = new Statement(this.#connection, "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)");
          save.run([order.seq, order.at, order.statement]);
        });
        return this.#answer([]);
      case "retain":
        return { ...this.#answer([]), kept: this.#retention.keep(order.plainBefore, order.prunedBefore) };
      case "check":
        this.#check();
        return this.#answer([]);
      case "probe":
        this.#probe(order.full);
        return this.#answer([]);
    }
  }

  /**
   * To be called when an order was answered: takes the log over into the database from time to time, so that
   * no order waits for it that is on the disk already.
   */
  tidy(order: WriterOrder): void {
    this.#untidied += order.type === "append" ? order.entries.length : OTHER_ORDER;
    if (this.#untidied < TAKE_OVER_AFTER) return;
    this.#untidied = 0;
    this.#connection.pragma("wal_checkpoint(PASSIVE)");
  }

  /** Takes the whole log over into the database, so that one file holds everything. */
  takeOver(): void {
    this.#connection.pragma("wal_checkpoint(TRUNCATE)");
  }

  close(): void {
    this.#connection.close();
  }

  #answer(outcomes: readonly (Written | string)[], ready = false): Good {
    const { seq, hash } = this.#writer.head;
    return { ok: true, outcomes, ready, head: { seq, hash: hash.toString("hex") } };
  }

  #append(entries: readonly OrderedEntry[]): Good {
    const last = entries.at(-1)?.order ?? 0;
    const whole = () => {
      if (entries.length > 1) this.#writer.expect(entries.map(({ entry }) => entry));
      return entries.map(({ entry }) => this.#writer.append(entry));
    };
    try {
      return this.#answer(this.#group(whole, last));
    } catch (error) {
      if (!isOfTheEntry(error)) throw error;
    }
    return this.#answer(this.#group(() => entries.map(({ entry }) => this.#appendAlone(entry)), last));
  }

  #group<T>(work: () => T, through: number): T {
    return this.#transaction(() => {
      const result = work();
      this.#writer.flush();
      this.#through.run([through]);
      return result;
    });
  }

  #appendAlone(entry: OrderedEntry["entry"]): Written | string {
    this.#connection.exec("SAVEPOINT entry");
    try {
      const written = this.#writer.append(entry);
      this.#writer.flush();
      this.#connection.exec("RELEASE entry");
      return written;
    } catch (error) {
      if (!isOfTheEntry(error)) throw error;
      this.#connection.exec("ROLLBACK TO entry");
      this.#connection.exec("RELEASE entry");
      this.#writer.forget();
      return error instanceof Error ? error.message : "it cannot be written";
    }
  }

  #keep(shapes: readonly string[]): boolean {
    return this.#transaction(() => this.#facts.keep(shapes, performance.now() + CATCH_UP_MS));
  }

  /** Only what is small enough: decisions wait for it. */
  #check(): void {
    const size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    if ((new Statement(this.#connection, size).first([])?.integer(0) ?? 0) > MAX_CHECKED) return;
    const found = new Statement(this.#connection, "PRAGMA integrity_check(1)").first([])?.text(0);
    if (found !== "ok") throw new LedgerError("LEDGER_CORRUPT", "the ledger's file is damaged", found);
  }

  #probe(full: boolean): void {
    this.#transaction(() => this.#connection.exec("UPDATE process SET through = through"));
    if (!full) return;
    const remove = () => this.#connection.exec("DELETE FROM bodies WHERE seq = -1");
    this.#transaction(() => {
      remove();
      this.#connection.exec(`INSERT INTO bodies VALUES (-1, 0, zeroblob(${PROBE_BYTES}), NULL)`);
    });
    this.#transaction(remove);
  }

  #transaction<T>(work: () => T): T {
    this.#begin.run([]);
    try {
      const result = work();
      this.#commit.run([]);
      return result;
    } catch (error) {
      if (this.#connection.inTransaction) this.#connection.exec("ROLLBACK");
      this.#writer.forget();
      throw error;
    }
  }
}
