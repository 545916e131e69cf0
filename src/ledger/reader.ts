/** The reading side: one connection on the calling thread, its statements prepared once. */
import { bodyOf } from "./body-encoding.ts";
import { chainHash, GENESIS } from "./chain.ts";
import { type Connection, type Row, Statement, toLedgerError, type Value } from "./database.ts";
import { type FactCache, StaleReading } from "./fact-cache.ts";
import { FactReader } from "./fact-reader.ts";
import { FlagReader, NEWEST } from "./flag-reader.ts";
import {
  type AcceptedPrice,
  ENTRY_TYPES,
  type EntryBody,
  type EntryType,
  LedgerError,
  type Snapshot,
  type StoredAnswer,
  type StoredEntry,
  type StoredFlag,
  type StoredMovement,
  type TransactionNames,
} from "./ledger.ts";
import { MOVEMENT_COLUMNS, storedMovement } from "./movement-rows.ts";
import { digestOf } from "./movement-writer.ts";
import { isShared } from "./slots.ts";
import { TransactionFinder } from "./transaction-names.ts";

const ENTRY_COLUMNS = "entries.seq, at, type, id, row, hash";

export class Reader {
  readonly cache: FactCache;
  readonly #facts: FactReader;
  readonly #flags: FlagReader;
  readonly #connection: Connection;
  readonly #failed: (error: LedgerError) => void;
  readonly #begin: Statement;
  readonly #end: Statement;
  readonly #through: Statement;
  readonly #answer: Statement;
  readonly #signed: Statement;
  readonly #ofEither: Statement;
  readonly #transactions: TransactionFinder;
  readonly #ofTransaction: Statement;
  readonly #ofType: Statement;
  readonly #newestOf: Statement;
  readonly #decisions: Statement;
  readonly #hashAt: Statement;
  readonly #byId: Statement;
  readonly #prices: Statement;
  readonly #checkpoints: Statement;
  readonly #anyConfirmed: Statement;
  readonly #confirmed: Statement;
  readonly #push: Statement;
  readonly #newestPush: Statement;
  readonly #newestRefusal: Statement;
  readonly #whole: Statement;
  readonly #first: Statement;
  #firstAt: number | undefined;

  /**
   * @param connection - can only read, from `openDatabase`; it is closed with this.
   * @param cache - told of every commit; it outlives this.
   * @param failed - is told what is wrong with the ledger, also where the caller of a reading catches it.
   */
  constructor(connection: Connection, cache: FactCache, failed: (error: LedgerError) => void) {
    const statement = (sql: string) => new Statement(connection, sql);
    this.#connection = connection;
    this.cache = cache;
    this.#failed = failed;
    this.#facts = new FactReader(connection);
    this.#flags = new FlagReader(connection);
    this.#transactions = new TransactionFinder(connection);
    this.#begin = statement("BEGIN");
    this.#end = statement("COMMIT");
    this.#through = statement("SELECT through FROM process");
    this.#answer = statement(
      `SELECT ${ENTRY_COLUMNS}, identity, encoding, token, document
       FROM entries LEFT JOIN bodies ON bodies.seq = entries.seq
       WHERE request_id = ? AND source = ? AND is_answer = 1 ORDER BY entries.seq DESC LIMIT 1`,
    );
    const movements = `SELECT ${MOVEMENT_COLUMNS} FROM movements`;
    this.#signed = statement(`${movements} WHERE signing = ? ORDER BY number`);
    this.#ofEither = statement(`${movements} WHERE signing = ? OR slot = ? ORDER BY number`);
    this.#ofTransaction = statement(`${movements} WHERE tx = ? ORDER BY number`);
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
    this.#prices = statement("SELECT token, usd, at FROM prices");
    this.#checkpoints = statement("SELECT count(*) FROM checkpoints");
    const confirmed = (columns: string) =>
      `SELECT ${columns} FROM movements INDEXED BY movements_confirmed
       WHERE kind = 'withdrawal_confirmation' AND state = 'reserved'`;
    this.#anyConfirmed = statement(`${confirmed("1")} LIMIT 1`);
    this.#confirmed = statement(`${confirmed(MOVEMENT_COLUMNS)} AND tx = ? ORDER BY number`);
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
    this.#whole = statement(
      `SELECT ${ENTRY_COLUMNS}, encoding, token, document
       FROM entries LEFT JOIN bodies ON bodies.seq = entries.seq WHERE entries.seq = ?`,
    );
    this.#first = statement("SELECT at FROM entries WHERE seq = 1");
    this.#facts.learnShapes();
  }

  answer(source: string, requestId: string): StoredAnswer | undefined {
    const row = this.#ask(() => this.#answer.first([requestId, source]));
    if (row === undefined) return undefined;
    return this.#ask(() => ({
      ...this.#chained(row),
      identity: row.bytes(6).toString("hex"),
      body: bodyIn(row, 7),
    }));
  }

  /** What `work` throws goes on as it is; it may be run twice. */
  read<T>(work: (snapshot: Snapshot) => T): T {
    const { state } = this.cache;
    if (state !== undefined) {
      try {
        return work(this.#cached(state));
      } catch (error) {
        if (!(error instanceof StaleReading)) throw error;
      }
    }
    return this.#inTransaction((through) =>
      work({
        through,
        totals: (...question) => this.#ask(() => this.#facts.totals(...question)),
        bound: (...question) => this.#ask(() => this.#facts.bound(...question)),
        signed: (...question) => this.#signedBy(...question),
        transactionsNamed: (names) => this.#transactionsNamed(names),
        movementsOf: (transaction) => this.#movementsOf(transaction),
        ...this.#upTo(NEWEST),
      }),
    );
  }

  /** The state that the cache has: what the disk has beyond it is left out, or the reading is stale. */
  #cached({ through, seq }: { readonly through: number; readonly seq: number }): Snapshot {
    const atSameState = <T>(read: () => T): T =>
      this.#inTransaction((found) => {
        if (found !== through) throw new StaleReading();
        return this.#ask(read);
      });
    return {
      through,
      totals: (shape, key, after) =>
        this.#ask(() => this.cache.totals(this.#facts, atSameState, shape, key, after)),
      // What the disk has beyond it is left out one by one: that costs no transaction, and is never stale.
      bound: (which, shape, key, without, after) =>
        this.#ask(() => this.#facts.bound(which, shape, key, without, after, seq)),
      signed: (...question) => {
        const movements = this.#signedBy(...question).filter(({ entry }) => entry <= seq);
        // What each of them adds depends on the states of the others: on those that the cache has added up.
        return isShared(movements) ? atSameState(() => this.#signedBy(...question)) : movements;
      },
      transactionsNamed: (names) => {
        // Names stay: what none of them is known for now it was not known for before.
        const found = this.#transactionsNamed(names);
        return found.length === 0 ? found : atSameState(() => this.#transactionsNamed(names));
      },
      movementsOf: (transaction) => atSameState(() => this.#movementsOf(transaction)),
      ...this.#upTo(seq),
    };
  }

  /** What changes by entries to come alone, and never back: those behind `seq` are left out one by one. */
  #upTo(
    seq: number,
  ): Omit<Snapshot, "through" | "totals" | "bound" | "signed" | "transactionsNamed" | "movementsOf"> {
    const entryOf = (statement: Statement, key: Value) =>
      this.#ask(() => {
        const row = statement.first([key, seq]);
        return row && this.#chained(row);
      });
    return {
      // What is reserved on the disk was reserved before: nothing is ever reserved again.
      confirmed: (names) => this.#confirmedFor(names).filter(({ entry }) => entry <= seq),
      firstAt: () => {
        this.#firstAt ??= this.#ask(() => this.#first.first([])?.integer(0));
        return seq > 0 ? this.#firstAt : undefined;
      },
      push: (identity) => entryOf(this.#push, digestOf(identity)),
      newestPush: (transaction) => entryOf(this.#newestPush, transaction),
      newestRefusal: (transaction) => entryOf(this.#newestRefusal, transaction),
      isFlagged: (key) => this.#ask(() => this.#flags.isFlagged(key, seq)),
      flagsOf: (transaction) => this.#ask(() => this.#flags.ofTransaction(transaction, seq)),
      marked: (kind, value) => this.#ask(() => this.#flags.marked(kind, value, seq)),
      governed: (address) => this.#ask(() => this.#flags.governed(address, seq)),
    };
  }

  #signedBy(signing: string, slot?: string): readonly StoredMovement[] {
    const bytes = digestOf(signing);
    return this.#ask(() => {
      const rows =
        slot === undefined ? this.#signed.all([bytes]) : this.#ofEither.all([bytes, digestOf(slot)]);
      return rows.map(storedMovement);
    });
  }

  #transactionsNamed(names: TransactionNames): readonly number[] {
    return this.#ask(() => this.#transactions.find(names));
  }

  #movementsOf(transaction: number): readonly StoredMovement[] {
    return this.#ask(() => this.#ofTransaction.all([transaction]).map(storedMovement));
  }

  #confirmedFor(names: TransactionNames): readonly StoredMovement[] {
    return this.#ask(() => {
      if (this.#anyConfirmed.first([]) === undefined) return [];
      return this.#transactions
        .find(names)
        .flatMap((transaction) => this.#confirmed.all([transaction]).map(storedMovement));
    });
  }

  #inTransaction<T>(work: (through: number) => T): T {
    const through = this.#ask(() => {
      this.#begin.run([]);
      return this.#through.first([])?.integer(0) ?? 0;
    });
    try {
      return work(through);
    } finally {
      this.#ask(() => this.#end.run([]));
    }
  }

  entriesOf(types: readonly EntryType[]): readonly StoredEntry[] {
    return this.#ask(() => {
      const rows = types.flatMap((type) =>
        type === "decision" ? this.#decisions.all([]) : this.#ofType.all([type]),
      );
      return rows.map((row) => this.#chained(row)).sort((a, b) => a.seq - b.seq);
    });
  }

  openFlags(code: string, limit: number): readonly StoredFlag[] {
    return this.#ask(() => this.#flags.openOf(code, limit));
  }

  flag(id: string): StoredFlag | undefined {
    return this.#ask(() => this.#flags.byId(id));
  }

  newestOf(type: EntryType, before: number, limit: number): readonly StoredEntry[] {
    return this.#ask(() => this.#newestOf.all([type, before, limit]).map((row) => this.#chained(row)));
  }

  entry(seq: number): (StoredEntry & { readonly body: EntryBody }) | undefined {
    return this.#ask(() => {
      const row = this.#whole.first([seq]);
      return row && { body: bodyIn(row, 6), ...this.#chained(row) };
    });
  }

  acceptedPrices(): ReadonlyMap<string, AcceptedPrice> {
    return this.#ask(() => {
      const rows = this.#prices.all([]);
      return new Map(rows.map((row) => [row.text(0), { usd: row.text(1), at: row.integer(2) }]));
    });
  }

  /** Which of these shapes, as text, are ready. */
  readyOf(shapes: readonly string[]): readonly string[] {
    if (!shapes.every((shape) => this.#facts.isReady(shape))) this.#ask(() => this.#facts.learnShapes());
    return shapes.filter((shape) => this.#facts.isReady(shape));
  }

  /** In hex; `undefined` where there is no such entry. */
  hashAt(seq: number): string | undefined {
    return this.#ask(() => this.#hashAt.first([seq])?.bytes(0).toString("hex"));
  }

  /** How many checkpoints are kept in the ledger itself. */
  checkpoints(): number {
    return this.#ask(() => this.#checkpoints.first([])?.integer(0) ?? 0);
  }

  seqOf(id: string): number | undefined {
    return this.#ask(() => this.#byId.first([id])?.integer(0));
  }

  /** @throws LedgerError where the ledger can't be read. */
  probe(): void {
    this.#ask(() => this.#through.first([]));
  }

  close(): void {
    this.#connection.close();
  }

  /** An entry that something is decided by: what it says was not changed since it was chained. */
  #chained(row: Row): StoredEntry {
    const entry = storedEntry(row);
    const { seq } = entry;
    const before = seq === 1 ? GENESIS : this.#hashAt.first([seq - 1])?.bytes(0);
    if (before === undefined || chainHash(before, entry.row).toString("hex") !== entry.hash) {
      throw new LedgerError("LEDGER_CORRUPT", `the chain is broken at entry ${seq}`);
    }
    return entry;
  }

  #ask<T>(question: () => T): T {
    try {
      return question();
    } catch (error) {
      if (error instanceof StaleReading) throw error;
      // What is no error of SQLite is one of a value: an amount without digits, say.
      const known =
        error instanceof SyntaxError
          ? new LedgerError("LEDGER_CORRUPT", "a value of the ledger is not what it was", error)
          : toLedgerError(error);
      // One that was one already is about the question, unless it says that the file is not what it was.
      if (known !== error || known.code === "LEDGER_CORRUPT") this.#failed(known);
      throw known;
    }
  }
}

/** @param at - the column where encoding, token and document begin; empty where the body is not kept. */
function bodyIn(row: Row, at: number): EntryBody {
  const encoding = row.optionalInteger(at);
  if (encoding === undefined) return {};
  return bodyOf(encoding, row.optionalBytes(at + 1) ?? null, row.optionalBytes(at + 2) ?? null);
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
