/** The running aggregates, read: two look-ups whatever the window, and what changed late within it. */
import { type FactShape, shapeId } from "../input/fact-shape.ts";
import { type Connection, Statement } from "./database.ts";
import type { Edge } from "./fact-cache.ts";
import { minus, NOTHING, plus, SUM_COLUMNS, storedKey, sumsIn } from "./fact-sums.ts";
import { type FactTotals, LedgerError } from "./ledger.ts";

/** Rows of a key looked at in one go, when the first or last movement that counts is searched: mostly one of the first. */
const STEP = 8;

export class FactReader {
  readonly #upTo: Statement;
  readonly #upToWithTime: Statement;
  readonly #next: Statement;
  readonly #late: Statement;
  readonly #any: Statement;
  readonly #first: Statement;
  readonly #last: Statement;
  readonly #state: Statement;
  readonly #readyShapes: Statement;
  /** Numbers of the shapes that are ready, by text and by the very object. */
  readonly #byText = new Map<string, number>();
  readonly #byShape = new WeakMap<FactShape, number>();

  constructor(connection: Connection) {
    const statement = (sql: string) => new Statement(connection, sql);
    this.#upTo = statement(
      `SELECT ${SUM_COLUMNS} FROM fact_log WHERE shape = ? AND key = ? AND at <= ?
       ORDER BY at DESC, movement DESC LIMIT 1`,
    );
    this.#upToWithTime = statement(
      `SELECT ${SUM_COLUMNS}, at FROM fact_log WHERE shape = ? AND key = ? AND at <= ?
       ORDER BY at DESC, movement DESC LIMIT 1`,
    );
    this.#next = statement(
      "SELECT at FROM fact_log WHERE shape = ? AND key = ? AND at > ? ORDER BY at, movement LIMIT 1",
    );
    this.#late = statement(`SELECT ${SUM_COLUMNS} FROM fact_late WHERE shape = ? AND key = ? AND at > ?`);
    this.#any = statement(
      `SELECT 1 FROM fact_log WHERE shape = ?1 AND key = ?2
       UNION ALL SELECT 1 FROM fact_late WHERE shape = ?1 AND key = ?2 LIMIT 1`,
    );
    const candidates = (order: "ASC" | "DESC", from: "<" | ">") => `
      SELECT at, movement FROM fact_log
        WHERE shape = ?1 AND key = ?2 AND at > ?3 AND (at, movement) ${from} (?4, ?5)
      UNION
      SELECT at, movement FROM fact_late
        WHERE shape = ?1 AND key = ?2 AND at > ?3 AND (at, movement) ${from} (?4, ?5)
      ORDER BY at ${order}, movement ${order} LIMIT ${STEP}`;
    this.#first = statement(candidates("ASC", ">"));
    this.#last = statement(candidates("DESC", "<"));
    this.#state = statement("SELECT state, entry FROM movements WHERE number = ?");
    this.#readyShapes = statement("SELECT shape, id FROM fact_shapes WHERE ready = 1");
  }

  /** Reads which shapes are ready: once they are, they stay so. */
  learnShapes(): void {
    for (const row of this.#readyShapes.all([])) this.#byText.set(row.text(0), row.integer(1));
  }

  isReady(text: string): boolean {
    return this.#byText.has(text);
  }

  totals(shape: FactShape, key: string, after = Number.MIN_SAFE_INTEGER): FactTotals {
    const id = this.idOf(shape);
    const stored = storedKey(key);
    const sumsUpTo = (at: number) => {
      const row = this.#upTo.first([id, stored, at]);
      return row === undefined ? NOTHING : sumsIn(row, 0);
    };
    let sums = sumsUpTo(Number.MAX_SAFE_INTEGER);
    if (after > Number.MIN_SAFE_INTEGER) sums = minus(sums, sumsUpTo(after));
    for (const row of this.#late.all([id, stored, after])) sums = plus(sums, sumsIn(row, 0));
    return sums;
  }

  /**
   * Whether a key has no row: neither of its own, nor for what came to count under it late, as a deposit that had failed
   * does.
   */
  isNew(shape: FactShape, key: string): boolean {
    return this.#any.first([this.idOf(shape), storedKey(key)]) === undefined;
  }

  /** The sums over all of a key's rows; `undefined` where something of them was changed late. */
  newest(shape: FactShape, key: string): FactTotals | undefined {
    const id = this.idOf(shape);
    const stored = storedKey(key);
    if (this.#late.first([id, stored, Number.MIN_SAFE_INTEGER]) !== undefined) return undefined;
    const row = this.#upTo.first([id, stored, Number.MAX_SAFE_INTEGER]);
    return row === undefined ? NOTHING : sumsIn(row, 0);
  }

  /** What lies before a window that begins after `after`, for a key without late changes. */
  edge(shape: FactShape, key: string, after: number): Edge {
    const id = this.idOf(shape);
    const stored = storedKey(key);
    const row = this.#upToWithTime.first([id, stored, after]);
    const next = this.#next.first([id, stored, after]);
    return {
      from: row?.integer(5) ?? Number.MIN_SAFE_INTEGER,
      until: next?.integer(0) ?? Number.MAX_SAFE_INTEGER,
      sums: row === undefined ? NOTHING : sumsIn(row, 0),
    };
  }

  /**
   * When the first or the last movement of a key was that counts.
   *
   * @param without - numbers of movements that are left out.
   * @param upTo - the newest entry whose movements are looked at.
   */
  bound(
    which: "first" | "last",
    shape: FactShape,
    key: string,
    without: ReadonlySet<number>,
    after = Number.MIN_SAFE_INTEGER,
    upTo = Number.MAX_SAFE_INTEGER,
  ): number | undefined {
    const id = this.idOf(shape);
    const stored = storedKey(key);
    const statement = which === "first" ? this.#first : this.#last;
    let at = which === "first" ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
    let movement = at;
    for (;;) {
      const rows = statement.all([id, stored, after, at, movement]);
      for (const row of rows) {
        at = row.integer(0);
        movement = row.integer(1);
        if (without.has(movement)) continue;
        if (this.#counts(shape, movement, upTo)) return at;
      }
      if (rows.length < STEP) return undefined;
    }
  }

  /** Whether a movement that has stood under a key of a shape still does: its state alone can change. */
  #counts({ where }: FactShape, movement: number, upTo: number): boolean {
    const row = this.#state.first([movement]);
    if (row === undefined || row.integer(1) > upTo) return false;
    const state = row.text(0);
    return where.state === undefined ? state !== "released" : state === where.state;
  }

  /** @throws LedgerError where the shape is not kept. */
  idOf(shape: FactShape): number {
    const known = this.#byShape.get(shape);
    if (known !== undefined) return known;
    const id = this.#byText.get(shapeId(shape));
    if (id === undefined) {
      throw new LedgerError("LEDGER_UNAVAILABLE", "history is not added up by what is asked for");
    }
    this.#byShape.set(shape, id);
    return id;
  }
}
