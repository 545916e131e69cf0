/** The reading side: one connection on the calling thread, its statements prepared once. */
import { type Connection, Statement, toLedgerError } from "./database.ts";
import { EntryReader } from "./entry-reader.ts";
import { type FactCache, StaleReading } from "./fact-cache.ts";
import { FactReader } from "./fact-reader.ts";
import { FlagReader, NEWEST } from "./flag-reader.ts";
import {
  type AcceptedPrice,
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

export class Reader {
  readonly cache: FactCache;
  readonly #entries: EntryReader;
  readonly #facts: FactReader;
  readonly #flags: FlagReader;
  readonly #connection: Connection;
  readonly #failed: (error: LedgerError) => void;
  readonly #begin: Statement;
  readonly #end: Statement;
  readonly #through: Statement;
  readonly #signed: Statement;
  readonly #ofEither: Statement;
  readonly #transactions: TransactionFinder;
  readonly #ofTransaction: Statement;
  readonly #prices: Statement;
  readonly #checkpoints: Statement;
  readonly #anyConfirmed: Statement;
  readonly #confirmed: Statement;

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
    this.#entries = new EntryReader(connection);
    this.#facts = new FactReader(connection);
    this.#flags = new FlagReader(connection);
    this.#transactions = new TransactionFinder(connection);
    this.#begin = statement("BEGIN");
    this.#end = statement("COMMIT");
    this.#through = statement("SELECT through FROM process");
    const movements = `SELECT ${MOVEMENT_COLUMNS} FROM movements`;
    this.#signed = statement(`${movements} WHERE signing = ? ORDER BY number`);
    this.#ofEither = statement(`${movements} WHERE signing = ? OR slot = ? ORDER BY number`);
    this.#ofTransaction = statement(`${movements} WHERE tx = ? ORDER BY number`);
    this.#prices = statement("SELECT token, usd, at FROM prices");
    this.#checkpoints = statement("SELECT count(*) FROM checkpoints");
    const confirmed = (columns: string) =>
      `SELECT ${columns} FROM movements INDEXED BY movements_confirmed
       WHERE kind = 'withdrawal_confirmation' AND state = 'reserved'`;
    this.#anyConfirmed = statement(`${confirmed("1")} LIMIT 1`);
    this.#confirmed = statement(`${confirmed(MOVEMENT_COLUMNS)} AND tx = ? ORDER BY number`);
    this.#facts.learnShapes();
  }

  answer(source: string, requestId: string): StoredAnswer | undefined {
    return this.#ask(() => this.#entries.answer(source, requestId));
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
    const rest = this.#upTo(seq);
    return {
      through,
      totals: (shape, key, after) =>
        this.#ask(() => this.cache.totals(this.#facts, atSameState, shape, key, after)),
      // What the disk has beyond it is left out one by one: that costs no transaction, and is never stale.
      bound: (which, shape, key, without, after) =>
        this.#ask(() =>
          without.size === 0
            ? this.cache.bound(this.#facts, which, shape, key, after)
            : this.#facts.bound(which, shape, key, without, after, seq),
        ),
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
      ...rest,
      confirmed: (names) =>
        this.cache.absent.isAnyConfirmed(() => this.#isAnyConfirmed()) ? rest.confirmed(names) : [],
      marked: (kind, value) => this.cache.absent.marked(kind, value, () => rest.marked(kind, value)),
    };
  }

  /** What changes by entries to come alone, and never back: those behind `seq` are left out one by one. */
  #upTo(
    seq: number,
  ): Omit<Snapshot, "through" | "totals" | "bound" | "signed" | "transactionsNamed" | "movementsOf"> {
    return {
      // What is reserved on the disk was reserved before: nothing is ever reserved again.
      confirmed: (names) => this.#confirmedFor(names).filter(({ entry }) => entry <= seq),
      firstAt: () => (seq > 0 ? this.#ask(() => this.#entries.firstAt()) : undefined),
      push: (identity) => this.#ask(() => this.#entries.push(identity, seq)),
      newestPush: (transaction) => this.#ask(() => this.#entries.newestPush(transaction, seq)),
      newestRefusal: (transaction) => this.#ask(() => this.#entries.newestRefusal(transaction, seq)),
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

  #isAnyConfirmed(): boolean {
    return this.#ask(() => this.#anyConfirmed.first([]) !== undefined);
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
    return this.#ask(() => this.#entries.ofTypes(types));
  }

  openFlags(code: string, limit: number): readonly StoredFlag[] {
    return this.#ask(() => this.#flags.openOf(code, limit));
  }

  flag(id: string): StoredFlag | undefined {
    return this.#ask(() => this.#flags.byId(id));
  }

  newestOf(type: EntryType, before: number, limit: number): readonly StoredEntry[] {
    return this.#ask(() => this.#entries.newestOf(type, before, limit));
  }

  entry(seq: number): (StoredEntry & { readonly body: EntryBody }) | undefined {
    return this.#ask(() => this.#entries.whole(seq));
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
    return this.#ask(() => this.#entries.hashAt(seq));
  }

  /** How many checkpoints are kept in the ledger itself. */
  checkpoints(): number {
    return this.#ask(() => this.#checkpoints.first([])?.integer(0) ?? 0);
  }

  seqOf(id: string): number | undefined {
    return this.#ask(() => this.#entries.seqOf(id));
  }

  /** @throws LedgerError where the ledger can't be read. */
  probe(): void {
    this.#ask(() => this.#through.first([]));
  }

  close(): void {
    this.#connection.close();
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
