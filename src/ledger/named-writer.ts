/** Which addresses and outpoints movements named, and which addresses decisions govern: each once, at the first entry. */
import type { Connection, Value } from "./database.ts";
import { Inserts } from "./inserts.ts";
import type { FlagMark, Movement, NewEntry } from "./ledger.ts";

/** What was written lately is not written again: the wallets of an organization pay from the same addresses. */
const MAX_KNOWN = 32_768;

export class NamedWriter {
  readonly #named: FirstRows;
  readonly #governed: FirstRows;

  constructor(connection: Connection) {
    this.#named = new FirstRows(connection, "named (value, kind, entry)");
    this.#governed = new FirstRows(connection, "governed (address, wallet, entry)");
  }

  name(movements: readonly Movement[], entry: number): void {
    for (const movement of movements) {
      for (const [kind, value] of namedBy(movement))
        this.#named.add(`${kind} ${value}`, [value, kind, entry]);
    }
  }

  govern({ addresses, wallet }: NonNullable<NewEntry["governs"]>, entry: number): void {
    for (const address of addresses) this.#governed.add(address, [address, wallet ?? null, entry]);
  }

  forget(): void {
    this.#named.forget();
    this.#governed.forget();
  }

  flush(): void {
    this.#named.flush();
    this.#governed.flush();
  }
}

/** The addresses and outpoints of a movement, by their kinds. */
function namedBy({
  destination,
  sources,
  outpoints,
}: Movement): (readonly [kind: FlagMark["kind"], value: string])[] {
  return [
    ...(destination === undefined ? [] : [["address", destination] as const]),
    ...sources.map((value) => ["address", value] as const),
    ...outpoints.map((value) => ["outpoint", value] as const),
  ];
}

/** Rows of a table of three columns, of which the first one of each key stays. */
class FirstRows {
  readonly #rows: Inserts;
  readonly #known = new Set<string>();

  constructor(connection: Connection, table: string) {
    this.#rows = new Inserts(connection, table, 3, "OR IGNORE");
  }

  add(key: string, row: readonly Value[]): void {
    if (this.#known.has(key)) return;
    const { value: oldest } = this.#known.values().next();
    if (this.#known.size >= MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#known.add(key);
    this.#rows.add(row);
  }

  forget(): void {
    this.#rows.forget();
    this.#known.clear();
  }

  flush(): void {
    this.#rows.flush();
  }
}
