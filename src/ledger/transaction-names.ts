/**
 * Which transaction an entry is of: the one that any of its names is known for, or a new one of its own number.
 *
 * Names are of an organization. A push says of none, so that its names stand within the empty one. But `cobo:` ids are
 * Cobo's own and the same for all: what is known by one within no organization is of any, and who asks within none asks
 * all of them.
 */
import { type Connection, Statement } from "./database.ts";
import { Inserts } from "./inserts.ts";
import type { TransactionNames } from "./ledger.ts";
import { LookAhead } from "./look-ahead.ts";

/** Within no organization. */
export const NOBODY = "";

/** Whether a name is the same one within each organization. */
export function isShared(name: string): boolean {
  return name.startsWith("cobo:");
}

/** One seek for each organization there is: `known(id)`. */
export const ORGANIZATIONS = `
  SELECT min(organization) FROM transaction_names UNION ALL
  SELECT (SELECT min(organization) FROM transaction_names WHERE organization > known.id)
  FROM known WHERE known.id IS NOT NULL`;

/** Finds the transactions that are known by names. */
export class TransactionFinder {
  readonly #connection: Connection;
  /** By how many names of which kind they ask for. */
  readonly #statements = new Map<string, Statement>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns their numbers, the oldest first. */
  find({ organization, names }: TransactionNames): number[] {
    if (names.length === 0) return [];
    const shared = names.filter(isShared);
    const rows = this.#statement(organization, names.length, shared.length).all([
      organization,
      ...names,
      ...shared,
    ]);
    return rows.map((row) => row.integer(0));
  }

  #statement(organization: string, names: number, shared: number): Statement {
    const key = `${names} ${shared} ${organization === NOBODY}`;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      statement = new Statement(this.#connection, findSql(organization === NOBODY, names, shared));
      this.#statements.set(key, statement);
    }
    return statement;
  }
}

function findSql(withinNone: boolean, names: number, shared: number): string {
  const marks = (count: number) => Array.from({ length: count }, () => "?").join(",");
  const own = `SELECT tx FROM transaction_names WHERE organization = ? AND name IN (${marks(names)})`;
  if (shared === 0) return `SELECT DISTINCT tx FROM (${own}) ORDER BY tx`;
  const others = withinNone
    ? `SELECT named.tx FROM known CROSS JOIN transaction_names named
       ON named.organization = known.id AND named.name IN (${marks(shared)})`
    : `SELECT tx FROM transaction_names WHERE organization = '${NOBODY}' AND name IN (${marks(shared)})`;
  const recursive = withinNone ? `WITH RECURSIVE known (id) AS (${ORGANIZATIONS}) ` : "";
  return `${recursive}${own} UNION ${others} ORDER BY tx`;
}

export class TransactionWriter {
  readonly #names: Inserts;
  readonly #finder: TransactionFinder;
  readonly #written: Statement;
  readonly #within: LookAhead;
  readonly #anywhere: LookAhead;
  /** Names of which none is written. */
  readonly #unwritten = new Set<TransactionNames>();
  /** Those that are gathered and not yet written. */
  readonly #gathered = new Map<string, number>();
  /** The oldest of them that is known by a shared name, within whichever organization. */
  readonly #shared = new Map<string, number>();

  constructor(connection: Connection) {
    this.#names = new Inserts(connection, "transaction_names (organization, name, tx)", 3, "OR IGNORE");
    this.#finder = new TransactionFinder(connection);
    this.#written = new Statement(
      connection,
      "SELECT 1 FROM transaction_names WHERE organization = ? AND name = ?",
    );
    this.#within = new LookAhead(
      connection,
      (marks) =>
        `SELECT CAST(name AS BLOB) FROM transaction_names WHERE name IN (${marks}) AND organization = ?33`,
    );
    this.#anywhere = new LookAhead(
      connection,
      (marks) => `WITH RECURSIVE known (id) AS (${ORGANIZATIONS})
        SELECT CAST(named.name AS BLOB) FROM known CROSS JOIN transaction_names named
        ON named.organization = known.id AND named.name IN (${marks})`,
    );
  }

  /** Looks at once which of these are new, so that {@link resolve} need not look for each. Holds until the next flush. */
  expect(asked: readonly TransactionNames[]): void {
    this.#unwritten.clear();
    const within = new Map<string, string[]>();
    const anywhere: string[] = [];
    for (const { organization, names } of asked) {
      push(within, organization, names);
      const shared = names.filter(isShared);
      if (organization === NOBODY) anywhere.push(...shared);
      else push(within, NOBODY, shared);
    }
    const found = this.#anywhere.rowsOf(anywhere);
    for (const [organization, names] of within) found.push(...this.#within.rowsOf(names, organization));
    // By their bytes: the driver gives back a text up to its first NUL alone.
    const written = new Set(found.map((row) => row.bytes(0).toString("hex")));
    const isWritten = (name: string) => written.has(Buffer.from(name).toString("hex"));
    for (const each of asked) if (!each.names.some(isWritten)) this.#unwritten.add(each);
  }

  /**
   * Names that are known of several transactions stay with them; the entry goes to the oldest.
   *
   * @param own - the number of the entry, for a transaction that is new.
   */
  resolve(asked: TransactionNames, own: number): number {
    const { organization, names } = asked;
    const written = this.#unwritten.has(asked) ? [] : this.#finder.find(asked);
    let transaction = Math.min(own, written[0] ?? own);
    for (const name of names) {
      transaction = Math.min(transaction, this.#gathered.get(keyOf(organization, name)) ?? own);
      if (isShared(name)) {
        transaction = Math.min(transaction, this.#gatheredElsewhere(organization, name) ?? own);
      }
    }
    const isOfOne = written.every((each) => each === transaction);
    for (const name of names) {
      // A name that another transaction has stays with it, also for the entries that are gathered after this one.
      if (isOfOne || this.#written.first([organization, name]) === undefined) {
        this.#gather(organization, name, transaction);
      }
    }
    return transaction;
  }

  #gatheredElsewhere(organization: string, name: string): number | undefined {
    return organization === NOBODY ? this.#shared.get(name) : this.#gathered.get(keyOf(NOBODY, name));
  }

  #gather(organization: string, name: string, transaction: number): void {
    const key = keyOf(organization, name);
    if (this.#gathered.has(key)) return;
    this.#gathered.set(key, transaction);
    if (isShared(name)) this.#shared.set(name, Math.min(transaction, this.#shared.get(name) ?? transaction));
    this.#names.add([organization, name, transaction]);
  }

  forget(): void {
    this.#names.forget();
    this.#forgetGathered();
  }

  flush(): void {
    this.#names.flush();
    this.#forgetGathered();
  }

  #forgetGathered(): void {
    this.#gathered.clear();
    this.#shared.clear();
    this.#unwritten.clear();
  }
}

function push(lists: Map<string, string[]>, key: string, values: readonly string[]): void {
  if (values.length === 0) return;
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [...values]);
  else list.push(...values);
}

function keyOf(organization: string, name: string): string {
  return JSON.stringify([organization, name]);
}
