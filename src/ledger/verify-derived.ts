/** Rules and names, by which entries are found: what is found by them must be what the chain says. */
import { z } from "zod";
import type { ChainedEntry } from "./chained-entry.ts";
import { type CheckedRow, transactionOf } from "./checked-row.ts";
import { blob, castText, hexOf, integer, PagedRows, text } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";
import { isShared, NOBODY, ORGANIZATIONS } from "./transaction-names.ts";
import type { Span } from "./verify-span.ts";

const PAGE = 256;

/** `entry_rules`: a reader for each name, all of which go along with the chain. */
export class RuleVerifier {
  readonly #database: Connection;
  readonly #span: Span;
  readonly #problems: Problems;
  readonly #readers = new Map<string, PagedRows<number>>();

  constructor(database: Connection, span: Span, problems: Problems) {
    this.#database = database;
    this.#span = span;
    this.#problems = problems;
    // One seek a name, however many entries have it.
    const names = database
      .prepare(
        `WITH RECURSIVE names (name) AS (
           SELECT min(name) FROM entry_rules
           UNION ALL
           SELECT (SELECT min(name) FROM entry_rules WHERE name > names.name) FROM names WHERE name IS NOT NULL
         ) SELECT CAST(name AS BLOB) FROM names WHERE name IS NOT NULL`,
      )
      .raw(true)
      .all();
    for (const name of names.flat()) this.#readers.set(castText(name), this.#reader(blob(name)));
  }

  verify(seq: number, names: readonly string[]): void {
    for (const name of names) {
      const reader = this.#readers.get(name);
      if (reader !== undefined) this.#skip(name, reader, seq);
      if (reader?.next === seq) reader.take();
      else this.#problems.add(seq, `it is not found by ${name}, which its row names`);
    }
  }

  /** A refusal may be found by its code, or not. */
  allow(seq: number, name: string): void {
    const reader = this.#readers.get(name);
    if (reader !== undefined) this.#skip(name, reader, seq);
    if (reader?.next === seq) reader.take();
  }

  end(): void {
    for (const [name, reader] of this.#readers) this.#skip(name, reader, Number.MAX_SAFE_INTEGER);
  }

  #skip(name: string, reader: PagedRows<number>, seq: number): void {
    while ((reader.next ?? seq) < seq) {
      const stray = reader.take() ?? 0;
      if (this.#span.isLater(stray)) continue;
      this.#problems.add(stray, `it is found by ${name}, which its row does not name`);
    }
  }

  #reader(name: Uint8Array): PagedRows<number> {
    const select = `seq FROM (SELECT seq FROM entry_rules WHERE name = CAST(x'${hexOf(name)}' AS TEXT))`;
    const query = { ...this.#span.derived, select, key: "seq", size: PAGE };
    return new PagedRows(this.#database, query, ([seq]) => integer(seq));
  }
}

interface NameOwner {
  readonly seq: number;
  readonly tx: number | null;
  readonly names: readonly string[];
}

/** How many entries' names are asked at once: sorted, so that many of them stand on one page. */
const NAMED = 4_096;
const foundSchema = z.array(z.number().nullable());

/** `transaction_names`: asked in bulk, since each is somewhere else; an organization at a time. */
export class NameVerifier {
  readonly #ask: (organization: string, names: string) => unknown;
  readonly #everywhere: (name: string) => readonly unknown[];
  readonly #problems: Problems;
  readonly #owners = new Map<string, NameOwner[]>();
  #waiting = 0;

  constructor(database: Connection, problems: Problems) {
    this.#problems = problems;
    const statement = database
      .prepare(
        `SELECT json_group_array(tx) FROM (
           SELECT known.tx FROM json_each(?2) asked LEFT JOIN transaction_names known
             ON known.organization = ?1 AND known.name = asked.value ORDER BY asked.key)`,
      )
      .raw(true);
    this.#ask = (organization, names) => statement.all(organization, names).flat()[0];
    const everywhere = database
      .prepare(
        `WITH RECURSIVE known (id) AS (${ORGANIZATIONS})
         SELECT CAST(named.organization AS BLOB), named.tx FROM known CROSS JOIN transaction_names named
         ON named.organization = known.id AND named.name = ?`,
      )
      .raw(true);
    this.#everywhere = (name) => everywhere.all(name);
  }

  verify({ seq, tx }: ChainedEntry, row: CheckedRow): void {
    const transaction = transactionOf(row);
    if (transaction === undefined) return;
    const { organization, names } = transaction;
    const owners = this.#owners.get(organization);
    if (owners === undefined) this.#owners.set(organization, [{ seq, tx, names }]);
    else owners.push({ seq, tx, names });
    this.#waiting += 1;
    if (this.#waiting >= NAMED) this.end();
  }

  end(): void {
    for (const [organization, owners] of this.#owners) this.#verify(organization, owners);
    this.#owners.clear();
    this.#waiting = 0;
  }

  #verify(organization: string, owners: readonly NameOwner[]): void {
    const names = [...new Set(owners.flatMap((owner) => owner.names))].sort();
    const answer = foundSchema.parse(JSON.parse(text(this.#ask(organization, JSON.stringify(names)))));
    const found = new Map(names.map((name, at) => [name, answer[at] ?? null]));
    for (const owner of owners) {
      const known = owner.names.map((name) => found.get(name) ?? null);
      if (known.includes(null)) this.#problems.add(owner.seq, "a name of its transaction is not found");
      // Names that were of two transactions before this entry joined them may keep their own.
      else if (owner.tx === null || !(known.includes(owner.tx) || this.#isJoined(organization, owner))) {
        this.#problems.add(owner.seq, "its transaction's names lead to another one");
      }
    }
  }

  /** By a Cobo id: one of no organization is of any, and one of any is of none. */
  #isJoined(organization: string, { names, tx }: NameOwner): boolean {
    return names.filter(isShared).some((name) =>
      this.#everywhere(name).some((columns) => {
        if (!Array.isArray(columns)) return false;
        const isNear = organization === NOBODY || castText(columns[0]) === NOBODY;
        return isNear && columns[1] === tx;
      }),
    );
  }
}
