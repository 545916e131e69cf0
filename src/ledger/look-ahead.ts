/** Which of many values are in a table, asked in few statements: half of a small question is the way there. */
import { type Connection, type Row, Statement, type Value } from "./database.ts";

/** How many values one question has; what is left of them is filled up with the last one. */
const SIZE = 32;

export class LookAhead {
  readonly #statement: Statement;

  /** @param sql - given a list of marks that begin with `?1` and may stand several times. */
  constructor(connection: Connection, sql: (marks: string) => string) {
    const marks = Array.from({ length: SIZE }, (_, at) => `?${at + 1}`).join(",");
    this.#statement = new Statement(connection, sql(marks));
  }

  /** The rows that any of the values has. @param more - what stands behind the marks, from `?33` on. */
  rowsOf(values: readonly Value[], ...more: readonly Value[]): Row[] {
    const rows: Row[] = [];
    for (let from = 0; from < values.length; from += SIZE) {
      const part = values.slice(from, from + SIZE);
      const last = part.at(-1) ?? null;
      while (part.length < SIZE) part.push(last);
      for (const row of this.#statement.all([...part, ...more])) rows.push(row);
    }
    return rows;
  }
}
