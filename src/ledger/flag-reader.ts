/**
 * What is known of addresses and outpoints, and which flags there are, read on the calling thread.
 *
 * Each question is asked up to an entry: what later ones named, raised or resolved is as it was before, so that a
 * reading that has no transaction of its own sees one state all the same.
 */
import { type Connection, Statement } from "./database.ts";
import { FLAG_COLUMNS, storedFlag } from "./flag-rows.ts";
import { type FlagMark, MAX_MARKED, type Marked, type StoredFlag } from "./ledger.ts";
import { OPEN } from "./schema.ts";

/** Up to the newest entry there is. */
export const NEWEST = OPEN - 1;

const NOTHING: Marked = { known: false, open: [] };
const KNOWN: Marked = { known: true, open: [] };
/** Flags of one address that were resolved within the moment since the reading's state. */
const MAX_LATELY = 256;

export class FlagReader {
  readonly #named: Statement;
  readonly #governed: Statement;
  readonly #anyMark: Statement;
  readonly #nextGroup: Statement;
  readonly #ofGroup: Statement;
  readonly #lately: Statement;
  readonly #ofTransaction: Statement;
  readonly #openOf: Statement;
  readonly #byId: Statement;
  readonly #byKey: Statement;

  constructor(connection: Connection) {
    const statement = (sql: string) => new Statement(connection, sql);
    this.#named = statement("SELECT 1 FROM named WHERE value = ? AND kind = ? AND entry <= ?");
    this.#governed = statement("SELECT wallet FROM governed WHERE address = ? AND entry <= ?");
    const marks = "flag_marks INDEXED BY flag_marks_open";
    this.#anyMark = statement(
      `SELECT 1 FROM ${marks} WHERE value = ? AND kind = ? AND open_until > ? LIMIT 1`,
    );
    this.#nextGroup = statement(
      `SELECT role, rule, chain FROM ${marks}
       WHERE value = ? AND kind = ? AND open_until = ${OPEN} AND (role, rule, chain) > (?, ?, ?)
       ORDER BY role, rule, chain LIMIT 1`,
    );
    const marked = `SELECT ${FLAG_COLUMNS}, role FROM ${marks} CROSS JOIN flags ON flags.number = flag_marks.flag`;
    this.#ofGroup = statement(
      `${marked} WHERE value = ? AND kind = ? AND open_until = ${OPEN} AND role = ? AND rule = ? AND chain = ?
       AND flags.entry <= ? ORDER BY weight DESC, flag_marks.flag DESC LIMIT ${MAX_MARKED}`,
    );
    this.#lately = statement(
      `${marked} WHERE value = ?1 AND kind = ?2 AND open_until > ?3 AND open_until < ${OPEN}
       AND flags.entry <= ?3 LIMIT ${MAX_LATELY}`,
    );
    const flags = `SELECT ${FLAG_COLUMNS} FROM flags`;
    this.#ofTransaction = statement(
      `${flags} INDEXED BY flags_tx WHERE tx = ? AND entry <= ? ORDER BY number`,
    );
    this.#openOf = statement(
      `${flags} INDEXED BY flags_open_code WHERE code = ? AND resolved IS NULL ORDER BY number LIMIT ?`,
    );
    this.#byId = statement(`${flags} WHERE id = ?`);
    this.#byKey = statement("SELECT 1 FROM flags WHERE key = ? AND entry <= ?");
  }

  /** Two look-ups, and for an address with open flags one for each role, rule and chain besides. */
  marked(kind: FlagMark["kind"], value: string, upTo: number): Marked {
    const known = this.#named.first([value, kind, upTo]) !== undefined;
    if (this.#anyMark.first([value, kind, upTo]) === undefined) return known ? KNOWN : NOTHING;
    const open = new Map<string, Marked["open"][number]>();
    const add = (statement: Statement, values: readonly (string | number)[]) => {
      for (const row of statement.all(values)) {
        const flag = storedFlag(row, upTo);
        const role = row.text(6) === "sender" ? "sender" : "paid_into";
        open.set(`${flag.id} ${role}`, { role, ...flag });
      }
    };
    let group: [string, string, string] = ["", "", ""];
    for (;;) {
      const next = this.#nextGroup.first([value, kind, ...group]);
      if (next === undefined) break;
      group = [next.text(0), next.text(1), next.text(2)];
      add(this.#ofGroup, [value, kind, ...group, upTo]);
    }
    // Last: what is resolved while this reads is found here, if it was not found above.
    if (upTo < NEWEST) add(this.#lately, [value, kind, upTo]);
    return { known, open: [...open.values()] };
  }

  governed(address: string, upTo: number): { readonly wallet?: string } | undefined {
    const row = this.#governed.first([address, upTo]);
    const wallet = row?.optionalText(0);
    return row && (wallet === undefined ? {} : { wallet });
  }

  ofTransaction(transaction: number, upTo: number): readonly StoredFlag[] {
    return this.#ofTransaction.all([transaction, upTo]).map((row) => storedFlag(row, upTo));
  }

  openOf(code: string, limit: number): readonly StoredFlag[] {
    return this.#openOf.all([code, limit]).map((row) => storedFlag(row, NEWEST));
  }

  isFlagged(key: string, upTo: number): boolean {
    return this.#byKey.first([key, upTo]) !== undefined;
  }

  byId(id: string): StoredFlag | undefined {
    const row = this.#byId.first([id]);
    return row && storedFlag(row, NEWEST);
  }
}
