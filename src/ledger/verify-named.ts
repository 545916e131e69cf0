/**
 * `named` and `governed`: each address and outpoint stands there once, with the first entry that names it. Entries ask
 * for what they name, in bulk, and count those of which they are the first: all ranges together must have counted as
 * many as there are.
 */
import { z } from "zod";
import { type CheckedRow, checkRow } from "./checked-row.ts";
import type { FlagMark } from "./ledger.ts";
import { castText, integer, text } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import { type Connection, inSnapshot } from "./read-connection.ts";
import { lastSeq } from "./seek.ts";

type Table = FlagMark["kind"] | "governed";

const COLUMNS = {
  address: "named ON named.value = asked.value AND named.kind = 'address'",
  outpoint: "named ON named.value = asked.value AND named.kind = 'outpoint'",
  governed: "governed ON governed.address = asked.value",
} as const;
const foundSchema = z.array(z.tuple([z.number().nullable(), z.string().nullable()]));

/** How many values are asked for at once: sorted, so that many of them stand on one page. */
const ASKED = 4_096;
/** Values that were found right are not asked for again. */
const MAX_KNOWN = 65_536;

/** What a table has of a range: of how many values its entries are the first that name them. */
export class NamedVerifier {
  readonly #tables: ReadonlyMap<Table, NamedTable>;

  constructor(database: Connection, problems: Problems) {
    const tables = (["address", "outpoint", "governed"] as const).map(
      (table) => [table, new NamedTable(database, table, problems)] as const,
    );
    this.#tables = new Map(tables);
  }

  verify(seq: number, row: CheckedRow): void {
    visitNamed(row, (table, value, wallet) => this.#tables.get(table)?.add(seq, value, wallet));
    for (const table of this.#tables.values()) table.endIfFull();
  }

  end(): void {
    for (const table of this.#tables.values()) table.end();
  }

  /** Of how many rows of `named` and of `governed` this range's entries are the first. */
  get counts(): { readonly named: number; readonly governed: number } {
    const of = (table: Table) => this.#tables.get(table)?.count ?? 0;
    return { named: of("address") + of("outpoint"), governed: of("governed") };
  }
}

class NamedTable {
  readonly #ask: (values: string) => unknown;
  readonly #table: Table;
  readonly #problems: Problems;
  readonly #known = new Set<string>();
  /** Of each value the first entry since the last question, and the wallet that it governs it for. */
  readonly #asked = new Map<string, { readonly seq: number; readonly wallet: string | null }>();
  count = 0;

  constructor(database: Connection, table: Table, problems: Problems) {
    const wallet = table === "governed" ? "wallet" : "NULL";
    const statement = database
      .prepare(
        `SELECT json_group_array(json_array(entry, said)) FROM (
           SELECT entry, ${wallet} AS said FROM json_each(?) asked LEFT JOIN ${COLUMNS[table]} ORDER BY asked.key)`,
      )
      .raw(true);
    this.#ask = (values) => statement.all(values).flat()[0];
    this.#table = table;
    this.#problems = problems;
  }

  add(seq: number, value: string, wallet: string | null): void {
    if (this.#known.has(value) || this.#asked.has(value)) return;
    this.#asked.set(value, { seq, wallet });
  }

  endIfFull(): void {
    if (this.#asked.size >= ASKED) this.end();
  }

  end(): void {
    const asked = [...this.#asked].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#asked.clear();
    const values = JSON.stringify(asked.map(([value]) => value));
    const found = asked.length === 0 ? [] : foundSchema.parse(JSON.parse(text(this.#ask(values))));
    for (const [at, [value, { seq, wallet }]] of asked.entries()) {
      const [entry, stored] = found[at] ?? [null, null];
      if (entry === null || entry > seq) {
        this.#problems.add(seq, `${WHAT[this.#table]} ${value} is not known by it`);
        continue;
      }
      if (entry === seq) this.count += 1;
      if (entry === seq && stored !== wallet) {
        this.#problems.add(seq, `the governed address ${value} is of another wallet than its row says`);
      }
      this.#keep(value);
    }
  }

  #keep(value: string): void {
    const { value: oldest } = this.#known.values().next();
    if (this.#known.size >= MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#known.add(value);
  }
}

const WHAT = { address: "the address", outpoint: "the outpoint", governed: "the governed address" } as const;

/** @param wallet - of a governed address. */
type Visit = (table: Table, value: string, wallet: string | null) => void;

/** Everything that a row names, without a list of it: most of it is known already. */
function visitNamed(row: CheckedRow, visit: Visit): void {
  if (row.type !== "decision" && row.type !== "push") return;
  for (const { destination, sources, outpoints } of row.movements ?? []) {
    if (typeof destination === "string") visit("address", destination, null);
    visitTexts(sources, (value) => visit("address", value, null));
    visitTexts(outpoints, (value) => visit("outpoint", value, null));
  }
  if (row.type === "push") return;
  const wallet = row.outcome === "approved" ? (row.wallet ?? null) : null;
  for (const address of row.sources ?? []) visit("governed", address, wallet);
}

function visitTexts(list: unknown, visit: (value: string) => void): void {
  if (Array.isArray(list)) for (const value of list) if (typeof value === "string") visit(value);
}

/**
 * Holds what ranges counted against what there is.
 *
 * @param counted - of all ranges. @param last - the last entry of them.
 */
export function verifyNamedCounts(
  database: Connection,
  counted: NamedVerifier["counts"],
  last: number,
  problems: Problems,
): void {
  inSnapshot(database, () => {
    const head = lastSeq(database);
    for (const table of ["named", "governed"] as const) {
      const select = `SELECT count(*) FROM ${table} WHERE entry <= ? OR entry > ?`;
      const [count] = database.prepare(select).raw(true).all(last, head).flat();
      if (integer(count) !== counted[table]) findStray(database, table, head, problems);
    }
  });
}

/** Which entries are named for what their rows do not name: read one by one, since something is wrong. */
function findStray(
  database: Connection,
  table: "named" | "governed",
  head: number,
  problems: Problems,
): void {
  const [kind, value] = table === "named" ? ["kind", "value"] : ["'governed'", "address"];
  const rows = database
    .prepare(
      `SELECT entry, ${kind}, CAST(${value} AS BLOB), CAST(row AS BLOB) FROM ${table}
       LEFT JOIN entries ON seq = entry`,
    )
    .raw(true);
  const strays = new Map<number, number>();
  for (const columns of rows.iterate()) {
    if (!Array.isArray(columns)) continue;
    const [entry, of, said, row] = columns;
    const checked = row === null || integer(entry) > head ? "" : checkRow(castText(row));
    const asked = castText(said);
    let isNamed = false;
    const visit: Visit = (where, name) => {
      isNamed ||= where === of && name === asked;
    };
    if (typeof checked !== "string") visitNamed(checked, visit);
    if (isNamed) continue;
    strays.set(integer(entry), (strays.get(integer(entry)) ?? 0) + 1);
  }
  const what = table === "named" ? "addresses or outpoints are known by it" : "addresses are governed by it";
  for (const [entry, count] of strays) {
    problems.add(entry, `${count} ${what} that its row does not name`);
  }
}
