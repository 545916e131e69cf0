/** The tables that are derived from the rows: what is found by them must be what the chain says. */
import { z } from "zod";
import type { ChainedEntry } from "./chained-entry.ts";
import type { CheckedDecision } from "./checked-row.ts";
import { MOVEMENT_STATES, type Movement } from "./ledger.ts";
import { blob, castText, hexOf, integer, PagedRows, text } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";
import { ClaimVerifier, type RepeatedClaim } from "./verify-claims.ts";
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
  }

  verify({ seq, tx }: ChainedEntry, { transaction }: CheckedDecision): void {
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
      else if (owner.tx === null || !known.includes(owner.tx)) {
        this.#problems.add(owner.seq, "its transaction's names lead to another one");
      }
    }
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
const COLUMNS = ["tx", "at", "signing", "slot", ...MEMBERS];
const SAID = [
  "tx",
  "at",
  "lower(hex(signing))",
  "iif(slot IS NULL, NULL, lower(hex(slot)))",
  ...MEMBERS,
].join();
const saidSchema = z.array(z.union([z.string(), z.number(), z.null()]));

/** `movements`: in the order of their numbers they go along with the chain. */
export class MovementVerifier {
  readonly #movements: PagedRows<StoredMovement>;
  readonly #claims: ClaimVerifier;
  readonly #span: Span;
  readonly #problems: Problems;
  /** Those that are released, with their entries: which acts did it is known when all ranges are read. */
  readonly released: [number: number, entry: number][] = [];
  count = 0;

  constructor(database: Connection, span: Span, problems: Problems) {
    this.#span = span;
    this.#problems = problems;
    const select = `number, entry, CAST(state AS BLOB), CAST(json_array(${SAID}) AS BLOB) FROM movements`;
    const query = { ...span.movements, select, key: "number", size: PAGE };
    this.#movements = new PagedRows(database, query, (columns) => ({
      number: integer(columns[0]),
      entry: integer(columns[1]),
      state: castText(columns[2]),
      said: castText(columns[3]),
    }));
    this.#claims = new ClaimVerifier(database);
  }

  /** The approvals without movements of their own of which it depends on acts whether that is right. */
  get repeated(): readonly RepeatedClaim[] {
    return this.#claims.open;
  }

  verify(entry: ChainedEntry, row: CheckedDecision): void {
    this.#skipStray(entry.seq);
    const wanted = row.movements ?? [];
    if (wanted.length === 0 && this.#movements.next?.entry !== entry.seq) return;
    const { signing = "", slot = null } = row;
    const differs = new Set<string>();
    let found = 0;
    while (this.#movements.next?.entry === entry.seq) {
      const stored = this.#movements.take();
      if (stored === undefined) break;
      for (const name of differences(stored, entry, [signing, slot], wanted[found])) differs.add(name);
      found += 1;
      this.count += 1;
      if (stored.state === "released") this.released.push([stored.number, stored.entry]);
    }
    if (found === 0 && this.#claims.isRepeated(signing, entry.seq, wanted)) return;
    if (found !== wanted.length) {
      this.#problems.add(entry.seq, `it has ${found} movements, and ${wanted.length} in its row`);
    } else if (differs.size > 0) {
      this.#problems.add(entry.seq, `its movements differ from its row: ${[...differs].join(", ")}`);
    }
  }

  end(): void {
    this.#skipStray(Number.MAX_SAFE_INTEGER);
  }

  #skipStray(seq: number): void {
    while ((this.#movements.next?.entry ?? seq) < seq) {
      const { entry, number } = this.#movements.take() ?? { entry: 0, number: 0 };
      if (this.#span.isLater(entry)) continue;
      this.#problems.add(entry, `movement ${number} belongs to no approval`);
    }
  }
}

function differences(
  stored: StoredMovement,
  entry: ChainedEntry,
  digests: readonly [signing: string, slot: string | null],
  wanted: Readonly<Record<string, unknown>> | undefined,
): string[] {
  const differs = MOVEMENT_STATES.some((state) => state === stored.state) ? [] : ["state"];
  const members = MEMBERS.map((member) => {
    const value = wanted?.[member] ?? null;
    return Array.isArray(value) ? JSON.stringify(value) : value;
  });
  // What has no transaction by name is one of its own.
  const said = [entry.tx ?? entry.seq, entry.at, ...digests, ...members];
  if (stored.said === JSON.stringify(said)) return differs;
  const columns = saidSchema.parse(JSON.parse(stored.said));
  return differs.concat(COLUMNS.filter((_, at) => columns[at] !== said[at]));
}
