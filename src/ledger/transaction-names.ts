/** Which transaction an entry is of: the one that any of its names is known for, or a new one of its own number. */
import { type Connection, Statement } from "./database.ts";
import { Inserts } from "./inserts.ts";
import type { TransactionNames } from "./ledger.ts";

export class TransactionWriter {
  readonly #names: Inserts;
  readonly #connection: Connection;
  /** By how many names they ask for. */
  readonly #find = new Map<number, Statement>();
  /** Those that are gathered and not yet written. */
  readonly #gathered = new Map<string, number>();

  constructor(connection: Connection) {
    this.#names = new Inserts(connection, "transaction_names (organization, name, tx)", 3, "OR IGNORE");
    this.#connection = connection;
  }

  /**
   * Names that are known of several transactions stay with them; the entry goes to the oldest.
   *
   * @param own - the number of the entry, for a transaction that is new.
   */
  resolve({ organization, names }: TransactionNames, own: number): number {
    let transaction = Math.min(own, this.#written(organization, names) ?? own);
    for (const name of names) {
      transaction = Math.min(transaction, this.#gathered.get(keyOf(organization, name)) ?? own);
    }
    for (const name of names) {
      const key = keyOf(organization, name);
      if (this.#gathered.has(key)) continue;
      this.#gathered.set(key, transaction);
      this.#names.add([organization, name, transaction]);
    }
    return transaction;
  }

  #written(organization: string, names: readonly string[]): number | undefined {
    if (names.length === 0) return undefined;
    let find = this.#find.get(names.length);
    if (find === undefined) {
      const marks = names.map(() => "?").join(",");
      find = new Statement(
        this.#connection,
        `SELECT tx FROM transaction_names WHERE organization = ? AND name IN (${marks}) ORDER BY tx LIMIT 1`,
      );
      this.#find.set(names.length, find);
    }
    return find.first([organization, ...names])?.integer(0);
  }

  forget(): void {
    this.#names.forget();
    this.#gathered.clear();
  }

  flush(): void {
    this.#names.flush();
    this.#gathered.clear();
  }
}

function keyOf(organization: string, name: string): string {
  return JSON.stringify([organization, name]);
}
