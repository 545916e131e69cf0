/** Flags, what they are found by and who resolved them: the tables must have what the chain says. */
import { z } from "zod";
import type { ChainedEntry } from "./chained-entry.ts";
import type { CheckedFlag } from "./checked-flag.ts";
import { type CheckedRow, checkRow, resolvedBy, transactionOf } from "./checked-row.ts";
import { flagKey, flagWeight, ruleOfFlag } from "./flag-rows.ts";
import { castText, integer, orNull, PagedRows } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";
import { OPEN } from "./schema.ts";
import type { Span } from "./verify-span.ts";

const PAGE = 64;

/** In the order of {@link storedSchema}; `said` is what must be as the row says, in the order of {@link MEMBERS}. */
const STORED = `json_array(number, id, resolved, json_array(key, at, tx, code, severity, names, flag),
  (SELECT json_group_array(json_array(kind, value, role, open_until, rule, chain, weight))
   FROM flag_marks WHERE flag_marks.flag = flags.number))`;
const MEMBERS = ["key", "at", "tx", "code", "severity", "names", "flag"] as const;
const valueSchema = z.union([z.string(), z.number(), z.null()]);
const storedSchema = z.tuple([
  z.number(),
  z.string(),
  z.number().nullable(),
  z.array(valueSchema),
  z.string().or(z.array(z.array(valueSchema))),
]);

interface StoredFlag {
  readonly number: number;
  readonly id: string;
  readonly resolved: number | null;
  readonly said: readonly (string | number | null)[];
  readonly marks: readonly (readonly (string | number | null)[])[];
}

/** `flags` and `flag_marks`: those of an entry at once, along with the chain. */
export class FlagVerifier {
  readonly #flags: PagedRows<{ readonly entry: number; readonly flags: readonly StoredFlag[] }>;
  readonly #ofKey: (key: string) => number | undefined;
  readonly #ofId: (id: string) => { readonly entry: number; readonly resolved: number | null } | undefined;
  readonly #rowOf: (seq: number) => CheckedRow | undefined;
  readonly #span: Span;
  readonly #problems: Problems;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(database: Connection, span: Span, problems: Problems) {
    this.#span = span;
    this.#problems = problems;
    const select = `entry, CAST(json_group_array(${STORED}) AS BLOB) FROM flags INDEXED BY flags_entry`;
    const query = { ...span.derived, select, key: "entry", size: PAGE, grouped: true };
    this.#flags = new PagedRows(database, query, ([entry, said]) => ({
      entry: integer(entry),
      flags: readFlags(castText(said)),
    }));
    const one = (sql: string) => {
      const statement = database.prepare(sql).raw(true);
      return (value: string | number) => {
        const [columns] = statement.all(value);
        return Array.isArray(columns) ? columns : undefined;
      };
    };
    const ofKey = one("SELECT entry FROM flags WHERE key = ?");
    this.#ofKey = (key) => orUndefined(ofKey(key)?.[0]);
    const ofId = one("SELECT entry, resolved FROM flags WHERE id = ?");
    this.#ofId = (id) => {
      const columns = ofId(id);
      return columns && { entry: integer(columns[0]), resolved: orNull(columns[1], integer) };
    };
    const rowOf = one("SELECT CAST(row AS BLOB) FROM entries WHERE seq = ?");
    this.#rowOf = (seq) => {
      const columns = rowOf(seq);
      const row = columns && checkRow(castText(columns[0]));
      return typeof row === "object" ? row : undefined;
    };
  }

  verify(entry: ChainedEntry, row: CheckedRow): void {
    const { seq } = entry;
    this.#skipStray(seq);
    const stored = this.#flags.next?.entry === seq ? (this.#flags.take()?.flags ?? []) : [];
    const wanted = row.type === "push" || row.type === "judgement" ? row.flags : [];
    let found = 0;
    for (const checked of wanted) {
      const flag = stored[found];
      if (flag?.id === checked.flag.id) {
        this.#verifyFlag(entry, row, flag, checked);
        found += 1;
      } else if (!this.#isRaisedBefore(entry, checked)) {
        this.#problems.add(seq, `its flag ${checked.flag.id} is not found`);
      }
    }
    for (const { id } of stored.slice(found)) {
      this.#problems.add(seq, `flag ${id} is there, which its row does not raise`);
    }
    for (const id of resolvedBy(row)) this.#verifyResolving(seq, id);
  }

  end(): void {
    this.#skipStray(Number.MAX_SAFE_INTEGER);
  }

  /** There is one flag of a key. */
  #isRaisedBefore({ seq, tx }: ChainedEntry, { flag }: CheckedFlag): boolean {
    return (this.#ofKey(flagKey(flag, tx ?? seq)) ?? Number.MAX_SAFE_INTEGER) <= seq;
  }

  #verifyFlag(entry: ChainedEntry, row: CheckedRow, stored: StoredFlag, { flag, text }: CheckedFlag): void {
    const tx = entry.tx ?? entry.seq;
    const names = JSON.stringify(transactionOf(row)?.names ?? []);
    const said = [flagKey(flag, tx), entry.at, tx, flag.code, flag.severity, names, text];
    const differs: string[] = MEMBERS.filter((_, at) => stored.said[at] !== said[at]);
    if (stored.number <= this.#newest) differs.push("number");
    this.#newest = stored.number;
    const found = [ruleOfFlag(flag), flag.chain ?? "", flagWeight(flag)];
    const marks = flag.marks.map((mark) =>
      JSON.stringify([mark.kind, mark.value, mark.role, stored.resolved ?? OPEN, ...found]),
    );
    const storedMarks = stored.marks.map((mark) => JSON.stringify(mark));
    if ([...new Set(marks)].sort().join() !== storedMarks.sort().join()) differs.push("marks");
    if (differs.length > 0) {
      this.#problems.add(entry.seq, `its flag ${flag.id} differs from its row: ${differs.join(", ")}`);
    }
    const { resolved } = stored;
    if (resolved === null) return;
    const by = this.#rowOf(resolved);
    if (by === undefined || resolved < entry.seq || !resolvedBy(by).includes(flag.id)) {
      this.#problems.add(entry.seq, `its flag ${flag.id} is resolved, and entry ${resolved} does not say so`);
    }
  }

  /** One that was raised until then is resolved, by this entry or one before it. */
  #verifyResolving(seq: number, id: string): void {
    const flag = this.#ofId(id);
    if (flag === undefined || flag.entry > seq) return;
    if (flag.resolved === null || flag.resolved > seq) {
      this.#problems.add(seq, `it resolved flag ${id}, which is open after it`);
    }
  }

  #skipStray(seq: number): void {
    while ((this.#flags.next?.entry ?? seq) < seq) {
      const { entry, flags } = this.#flags.take() ?? { entry: 0, flags: [] };
      if (this.#span.isLater(entry)) continue;
      for (const { id } of flags) this.#problems.add(entry, `flag ${id} is of an entry that raised none`);
    }
  }
}

/** What is marked by no flag. */
export function verifyMarks(database: Connection, problems: Problems): void {
  const stray = "SELECT count(*) FROM flag_marks WHERE flag NOT IN (SELECT number FROM flags)";
  const [count] = database.prepare(stray).raw(true).all().flat();
  if (count !== 0) problems.add(0, `${integer(count)} marks are of no flag`);
}

function readFlags(text: string): StoredFlag[] {
  const flags = z.array(z.string().or(storedSchema)).parse(JSON.parse(text));
  return flags.map((one) => {
    const [number, id, resolved, said, marks] =
      typeof one === "string" ? storedSchema.parse(JSON.parse(one)) : one;
    return {
      ...{ number, id, resolved, said },
      marks: typeof marks === "string" ? z.array(z.array(valueSchema)).parse(JSON.parse(marks)) : marks,
    };
  });
}

function orUndefined(value: unknown): number | undefined {
  return value === undefined ? undefined : integer(value);
}
