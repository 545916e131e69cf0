/** The tables that are derived from the rows: what is found by them must be what the chain says. */
import { z } from "zod";
import type { ChainedEntry, CheckedDecision } from "./chained-entry.ts";
import { MOVEMENT_STATES, type Movement } from "./ledger.ts";
import { integer, PagedRows, text } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";

const PAGE = 256;

/** `entry_rules`: a reader for each name, all of which go along with the chain. */
export class RuleVerifier {
  readonly #database: Connection;
  readonly #problems: Problems;
  readonly #readers = new Map<string, PagedRows<number>>();

  constructor(database: Connection, problems: Problems) {
    this.#database = database;
    this.#problems = problems;
    // One seek a name, however many entries have it.
    const names = database
      .prepare(
        `WITH RECURSIVE names (name) AS (
           SELECT min(name) FROM entry_rules
           UNION ALL
           SELECT (SELECT min(name) FROM entry_rules WHERE name > names.name) FROM names WHERE name IS NOT NULL
         ) SELECT name FROM names WHERE name IS NOT NULL`,
      )
      .raw(true)
      .all();
    for (const name of names.flat()) this.#readers.set(text(name), this.#reader(text(name)));
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
      this.#problems.add(reader.take() ?? 0, `it is found by ${name}, which its row does not name`);
    }
  }

  #reader(name: string): PagedRows<number> {
    const quoted = `'${name.replaceAll("'", "''")}'`;
    const select = `seq FROM (SELECT seq FROM entry_rules WHERE name = ${quoted})`;
    return new PagedRows(this.#database, { select, key: "seq", size: PAGE }, ([seq]) => integer(seq));
  }
}

interface NameOwner {
  readonly seq: number;
  readonly tx: number | null;
  readonly names: number;
}

/** `transaction_names`: asked in bulk, since each is somewhere else; an organization at a time. */
export class NameVerifier {
  readonly #ask: (organization: string, names: string) => readonly unknown[];
  readonly #problems: Problems;
  #organization = "";
  #names: string[] = [];
  #owners: NameOwner[] = [];

  constructor(database: Connection, problems: Problems) {
    this.#problems = problems;
    const statement = database
      .prepare(
        `SELECT asked.key, known.tx FROM json_each(?2) asked CROSS JOIN transaction_names known
           ON known.organization = ?1 AND known.name = asked.value`,
      )
      .raw(true);
    this.#ask = (organization, names) => statement.all(organization, names);
  }

  verify(entry: ChainedEntry, row: CheckedDecision): void {
    if (row.transaction === undefined) return;
    const { organization, names } = row.transaction;
    if (organization !== this.#organization || this.#names.length >= PAGE) this.end();
    this.#organization = organization;
    this.#names.push(...names);
    this.#owners.push({ seq: entry.seq, tx: entry.tx, names: names.length });
  }

  end(): void {
    const found = new Map<number, number>();
    for (const columns of this.#ask(this.#organization, JSON.stringify(this.#names))) {
      if (Array.isArray(columns)) found.set(integer(columns[0]), integer(columns[1]));
    }
    let at = 0;
    for (const { seq, tx, names } of this.#owners) {
      const known = Array.from({ length: names }, (_, step) => found.get(at + step));
      at += names;
      if (known.includes(undefined)) this.#problems.add(seq, "a name of its transaction is not found");
      // Names that were of two transactions before this entry joined them may keep their own.
      else if (tx === null || !known.includes(tx)) {
        this.#problems.add(seq, "its transaction's names lead to another one");
      }
    }
    this.#names = [];
    this.#owners = [];
  }
}

interface StoredMovement {
  readonly number: number;
  readonly entry: number;
  readonly state: string;
  /** {@link COLUMNS} as a JSON array: so many columns cost more than one text. */
  readonly said: string;
}

/** The columns of a movement that its row has by the same name; `sources` and `outpoints` are JSON. */
const MEMBERS = [
  ...["organization", "project", "vault", "wallet", "chain", "token", "sources", "outpoints"],
  ...["destination", "initiator", "kind", "direction", "units", "usd_micros", "nonce"],
] as readonly (keyof Movement)[];
const COLUMNS = ["tx", "at", "signing", ...MEMBERS];
const saidSchema = z.array(z.union([z.string(), z.number(), z.null()]));

/** `movements`: in the order of their numbers they go along with the chain. */
export class MovementVerifier {
  readonly #movements: PagedRows<StoredMovement>;
  readonly #signedBefore: (signing: string, seq: number) => boolean;
  readonly #problems: Problems;
  /** Released ones that no act has been seen for yet, with their entries. */
  readonly #released = new Map<number, number>();
  count = 0;

  constructor(database: Connection, problems: Problems) {
    this.#problems = problems;
    const said = ["tx", "at", "lower(hex(signing))", ...MEMBERS].join(", ");
    const select = `number, entry, state, json_array(${said}) FROM movements`;
    this.#movements = new PagedRows(database, { select, key: "number", size: PAGE }, (columns) => ({
      number: integer(columns[0]),
      entry: integer(columns[1]),
      state: text(columns[2]),
      said: text(columns[3]),
    }));
    const before = database.prepare("SELECT 1 FROM movements WHERE signing = ? AND entry < ? LIMIT 1");
    this.#signedBefore = (signing, seq) => before.get(Buffer.from(signing, "hex"), seq) !== undefined;
  }

  verify(entry: ChainedEntry, row: CheckedDecision): void {
    this.#skipStray(entry.seq);
    const wanted = row.movements ?? [];
    if (wanted.length === 0 && this.#movements.next?.entry !== entry.seq) return;
    const { signing = "" } = row;
    const differs = new Set<string>();
    let found = 0;
    while (this.#movements.next?.entry === entry.seq) {
      const stored = this.#movements.take();
      if (stored === undefined) break;
      for (const name of differences(stored, entry, signing, wanted[found])) differs.add(name);
      found += 1;
      this.count += 1;
      if (stored.state === "released") this.#released.set(stored.number, stored.entry);
    }
    // The same bytes signed with the same keys are one movement, whoever asks for them and however often.
    if (found === 0 && this.#signedBefore(signing, entry.seq)) return;
    if (found !== wanted.length) {
      this.#problems.add(entry.seq, `it has ${found} movements, and ${wanted.length} in its row`);
    } else if (differs.size > 0) {
      this.#problems.add(entry.seq, `its movements differ from its row: ${[...differs].join(", ")}`);
    }
  }

  /** An operator's act that released these. */
  releasedBy(seq: number, numbers: readonly number[]): void {
    for (const number of numbers) {
      if (!this.#released.delete(number)) {
        this.#problems.add(seq, `it released movement ${number}, which is not released`);
      }
    }
  }

  end(): void {
    this.#skipStray(Number.MAX_SAFE_INTEGER);
    for (const [number, entry] of this.#released) {
      this.#problems.add(entry, `its movement ${number} is released, and no act says so`);
    }
  }

  #skipStray(seq: number): void {
    while ((this.#movements.next?.entry ?? seq) < seq) {
      const stray = this.#movements.take();
      this.#problems.add(stray?.entry ?? 0, `movement ${stray?.number} belongs to no approval`);
    }
  }
}

function differences(
  stored: StoredMovement,
  entry: ChainedEntry,
  signing: string,
  wanted: { readonly [member in keyof Movement]?: unknown } | undefined,
): string[] {
  const differs = MOVEMENT_STATES.some((state) => state === stored.state) ? [] : ["state"];
  const members = MEMBERS.map((member) => {
    const value = wanted?.[member] ?? null;
    return Array.isArray(value) ? JSON.stringify(value) : value;
  });
  // What has no transaction by name is one of its own.
  const said = [entry.tx ?? entry.seq, entry.at, signing, ...members];
  if (stored.said === JSON.stringify(said)) return differs;
  const columns = saidSchema.parse(JSON.parse(stored.said));
  return differs.concat(COLUMNS.filter((_, at) => columns[at] !== said[at]));
}
