/**
 * Flags, raised and resolved. A flag is **open** from the entry that raises it until the first entry that resolves it,
 * and then **resolved** for good. There is one of each key, open or resolved: where there is one, none is raised.
 */
import { canonicalJson } from "../input/canonical-json.ts";
import { type Connection, Statement } from "./database.ts";
import { flagKey, flagWeight, ruleOfFlag } from "./flag-rows.ts";
import type { FlagMark, NewFlag } from "./ledger.ts";
import type { Origin } from "./movement-writer.ts";
import { OPEN } from "./schema.ts";

export class FlagWriter {
  readonly #ofKey: Statement;
  readonly #ofId: Statement;
  readonly #add: Statement;
  readonly #mark: Statement;
  readonly #resolve: Statement;
  readonly #resolveMarks: Statement;

  constructor(connection: Connection) {
    const statement = (sql: string) => new Statement(connection, sql);
    this.#ofKey = statement("SELECT 1 FROM flags WHERE key = ?");
    this.#ofId = statement("SELECT number, resolved FROM flags WHERE id = ?");
    this.#add = statement(
      `INSERT INTO flags (id, key, entry, at, tx, code, severity, names, flag)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#mark = statement("INSERT OR IGNORE INTO flag_marks VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.#resolve = statement("UPDATE flags SET resolved = ? WHERE number = ?");
    this.#resolveMarks = statement("UPDATE flag_marks SET open_until = ? WHERE flag = ?");
  }

  /**
   * @param names - of the transaction.
   * @throws RangeError for an id that there is already, SyntaxError for a worth that is no integer.
   */
  raise(flags: readonly NewFlag[], { entry, at, transaction }: Origin, names: readonly string[]): void {
    for (const flag of flags) {
      const key = flagKey(flag, transaction);
      if (this.#ofKey.first([key]) !== undefined) continue;
      if (this.#ofId.first([flag.id]) !== undefined)
        throw new RangeError(`there is a flag ${flag.id} already`);
      const weight = flagWeight(flag);
      this.#add.run([
        ...[flag.id, key, entry, at, transaction, flag.code, flag.severity],
        ...[JSON.stringify(names), canonicalJson(flag)],
      ]);
      const number = this.#ofId.first([flag.id])?.integer(0) ?? 0;
      for (const mark of flag.marks) this.#mark.run(markValues(number, mark, flag, weight));
    }
  }

  /** Those that are not there, or resolved already, stay as they are. */
  resolve(ids: readonly string[], entry: number): void {
    for (const id of ids) {
      const flag = this.#ofId.first([id]);
      if (flag === undefined || flag.optionalInteger(1) !== undefined) continue;
      this.#resolve.run([entry, flag.integer(0)]);
      this.#resolveMarks.run([entry, flag.integer(0)]);
    }
  }
}

function markValues(number: number, { kind, value, role }: FlagMark, flag: NewFlag, weight: number) {
  return [number, kind, value, role, OPEN, ruleOfFlag(flag), flag.chain ?? "", weight];
}
