/** Entries, read on the calling thread; each that something is decided by is held against its hash first. */
import { bodyOf } from "./body-encoding.ts";
import { chainHash, GENESIS } from "./chain.ts";
import { type Connection, type Row, Statement, type Value } from "./database.ts";
import {
  ENTRY_TYPES,
  type EntryBody,
  type EntryType,
  LedgerError,
  type StoredAnswer,
  type StoredEntry,
} from "./ledger.ts";
import { digestOf } from "./movement-writer.ts";

const ENTRY_COLUMNS = "entries.seq, at, type, id, row, hash";

/** Errors are SQLite's, and LedgerError `LEDGER_CORRUPT`. */
export class EntryReader {
  readonly #answer: Statement;
  readonly #push: Statement;
  readonly #newestPush: Statement;
  readonly #newestRefusal: Statement;
  readonly #whole: Statement;
  readonly #ofType: Statement;
  readonly #newestOf: Statement;
  readonly #decisions: Statement;
  readonly #hashAt: Statement;
  readonly #byId: Statement;
  readonly #first: Statement;
  #firstAt: number | undefined;

  constructor(connection: Connection) {
    const statement = (sql: string) => new Statement(connection, sql);
    const withBody = `SELECT ${ENTRY_COLUMNS}, encoding, token, document, identity
       FROM entries LEFT JOIN bodies ON bodies.seq = entries.seq`;
    this.#answer = statement(
      `${withBody} WHERE request_id = ? AND source = ? AND is_answer = 1 ORDER BY entries.seq DESC LIMIT 1`,
    );
    this.#whole = statement(`${withBody} WHERE entries.seq = ?`);
    this.#push = statement(
      `SELECT ${ENTRY_COLUMNS} FROM entries INDEXED BY entries_push
       WHERE identity = ? AND type = 'push' AND seq <= ? ORDER BY seq DESC LIMIT 1`,
    );
    this.#newestPush = statement(
      `SELECT ${ENTRY_COLUMNS} FROM entries INDEXED BY entries_tx
       WHERE tx = ? AND type = 'push' AND seq <= ? ORDER BY seq DESC LIMIT 1`,
    );
    this.#newestRefusal = statement(
      `SELECT ${ENTRY_COLUMNS} FROM entries INDEXED BY entries_tx
       WHERE tx = ? AND type = 'decision' AND outcome NOT IN ('approved', 'failed') AND seq <= ?
       ORDER BY seq DESC LIMIT 1`,
    );
    // The index has all types but this one, and serves only who asks for the others.
    const ofType = (type: string) => `SELECT ${ENTRY_COLUMNS} FROM entries WHERE ${type} ORDER BY seq`;
    this.#ofType = statement(ofType("type = ? AND type <> 'decision'"));
    this.#newestOf = statement(
      `SELECT ${ENTRY_COLUMNS} FROM entries INDEXED BY entries_type
       WHERE type = ? AND type <> 'decision' AND seq < ? ORDER BY seq DESC LIMIT ?`,
    );
    this.#decisions = statement(ofType("type = 'decision'"));
    this.#hashAt = statement("SELECT hash FROM entries WHERE seq = ?");
    this.#byId = statement("SELECT seq FROM entries WHERE id = ?");
    this.#first = statement("SELECT at FROM entries WHERE seq = 1");
  }

  answer(source: string, requestId: string): StoredAnswer | undefined {
    const row = this.#answer.first([requestId, source]);
    return row && { identity: row.bytes(9).toString("hex"), ...this.#withBody(row) };
  }

  whole(seq: number): (StoredEntry & { readonly body: EntryBody }) | undefined {
    const row = this.#whole.first([seq]);
    return row && this.#withBody(row);
  }

  /** @param upTo - the newest entry that is looked at. */
  push(identity: string, upTo: number): StoredEntry | undefined {
    return this.#newest(this.#push, digestOf(identity), upTo);
  }

  /** @param upTo - the newest entry that is looked at. */
  newestPush(transaction: number, upTo: number): StoredEntry | undefined {
    return this.#newest(this.#newestPush, transaction, upTo);
  }

  /** A decision of the transaction that refused. @param upTo - the newest entry that is looked at. */
  newestRefusal(transaction: number, upTo: number): StoredEntry | undefined {
    return this.#newest(this.#newestRefusal, transaction, upTo);
  }

  /** The newest first. @param type - any but `decision`. @param before - numbers of entries below this. */
  newestOf(type: EntryType, before: number, limit: number): readonly StoredEntry[] {
    return this.#newestOf.all([type, before, limit]).map((row) => this.#chained(row));
  }

  /** The oldest first. */
  ofTypes(types: readonly EntryType[]): readonly StoredEntry[] {
    const rows = types.flatMap((type) =>
      type === "decision" ? this.#decisions.all([]) : this.#ofType.all([type]),
    );
    return rows.map((row) => this.#chained(row)).sort((a, b) => a.seq - b.seq);
  }

  /** In hex; `undefined` where there is no such entry. */
  hashAt(seq: number): string | undefined {
    return this.#hashAt.first([seq])?.bytes(0).toString("hex");
  }

  seqOf(id: string): number | undefined {
    return this.#byId.first([id])?.integer(0);
  }

  /** When the first entry was: it stays the first. */
  firstAt(): number | undefined {
    this.#firstAt ??= this.#first.first([])?.integer(0);
    return this.#firstAt;
  }

  #newest(statement: Statement, key: Value, upTo: number): StoredEntry | undefined {
    const row = statement.first([key, upTo]);
    return row && this.#chained(row);
  }

  #withBody(row: Row): StoredEntry & { readonly body: EntryBody } {
    const encoding = row.optionalInteger(6);
    const members = [row.optionalBytes(7) ?? null, row.optionalBytes(8) ?? null] as const;
    return { body: encoding === undefined ? {} : bodyOf(encoding, ...members), ...this.#chained(row) };
  }

  /** What it says was not changed since it was chained. */
  #chained(row: Row): StoredEntry {
    const entry = storedEntry(row);
    const { seq } = entry;
    const before = seq === 1 ? GENESIS : this.#hashAt.first([seq - 1])?.bytes(0);
    if (before === undefined || chainHash(before, entry.row).toString("hex") !== entry.hash) {
      throw new LedgerError("LEDGER_CORRUPT", `the chain is broken at entry ${seq}`);
    }
    return entry;
  }
}

function storedEntry(row: Row): StoredEntry {
  return {
    seq: row.integer(0),
    at: row.integer(1),
    type: typeOf(row.text(2)),
    id: row.text(3),
    row: row.text(4),
    hash: row.bytes(5).toString("hex"),
  };
}

function typeOf(text: string): EntryType {
  const type = ENTRY_TYPES.find((known) => known === text);
  if (type === undefined) throw new LedgerError("LEDGER_CORRUPT", "an entry has a type that there is not");
  return type;
}
