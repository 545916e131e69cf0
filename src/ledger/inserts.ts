/** Rows of one table that are gathered and written many at a time: half of a small insert is the way there. */
import { type Connection, Statement, type Value } from "./database.ts";

/** How many rows one statement writes, the most first. */
const SIZES = [16, 4, 1] as const;

export class Inserts {
  readonly #width: number;
  readonly #statements: readonly { readonly size: number; readonly statement: Statement }[];
  #values: Value[] = [];

  /**
   * @param table - with its columns in brackets.
   * @param conflict - `OR IGNORE`, where a row that is there already is left as it is.
   */
  constructor(connection: Connection, table: string, width: number, conflict: "" | "OR IGNORE" = "") {
    this.#width = width;
    const row = `(${Array.from({ length: width }, () => "?").join(",")})`;
    this.#statements = SIZES.map((size) => {
      const rows = Array.from({ length: size }, () => row).join(",");
      return {
        size,
        statement: new Statement(connection, `INSERT ${conflict} INTO ${table} VALUES ${rows}`),
      };
    });
  }

  /** How many rows are gathered. */
  get gathered(): number {
    return this.#values.length / this.#width;
  }

  add(row: readonly Value[]): void {
    for (const value of row) this.#values.push(value);
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#values.length === 0) return;
    const values = this.#values;
    this.#values = [];
    let from = 0;
    for (const { size, statement } of this.#statements) {
      const length = size * this.#width;
      while (values.length - from >= length) {
        statement.run(from === 0 && values.length === length ? values : values.slice(from, from + length));
        from += length;
      }
    }
  }

  forget(): void {
    this.#values = [];
  }
}
