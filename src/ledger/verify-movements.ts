/** What entries moved, and the states that it is in: the tables must have what the chain says. */
import { z } from "zod";
import type { ChainedEntry } from "./chained-entry.ts";
import { type CheckedMoves, type CheckedRow, transitionOf } from "./checked-row.ts";
import type { Movement, MovementState } from "./ledger.ts";
import { castText, integer, orNull, PagedRows } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";
import { ClaimVerifier } from "./verify-claims.ts";
import type { Span } from "./verify-span.ts";

const PAGE = 256;

interface StoredMovement {
  readonly number: number;
  readonly entry: number;
  readonly state: string;
  /** The newest state that an entry says it enters, with that entry; null where none does. */
  readonly entered: string | null;
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

const ENTERED = `(SELECT json_array(transitions.entry, transitions.state) FROM transitions
  WHERE movement = number ORDER BY transitions.entry DESC LIMIT 1)`;
const enteredSchema = z.tuple([z.number(), z.string()]);

/**
 * `movements`: in the order of their numbers they go along with the chain. A movement is in the state that it entered
 * last, see {@link TransitionVerifier}, or in the one that it began in.
 */
export class MovementVerifier {
  readonly #movements: PagedRows<StoredMovement>;
  readonly #claims: ClaimVerifier;
  readonly #span: Span;
  readonly #problems: Problems;
  count = 0;

  constructor(database: Connection, span: Span, problems: Problems) {
    this.#span = span;
    this.#problems = problems;
    const select = `number, entry, CAST(state AS BLOB), CAST(${ENTERED} AS BLOB),
      CAST(json_array(${SAID}) AS BLOB) FROM movements`;
    const query = { ...span.movements, select, key: "number", size: PAGE };
    this.#movements = new PagedRows(database, query, (columns) => ({
      number: integer(columns[0]),
      entry: integer(columns[1]),
      state: castText(columns[2]),
      entered: orNull(columns[3], castText),
      said: castText(columns[4]),
    }));
    this.#claims = new ClaimVerifier(database);
  }

  verify(entry: ChainedEntry, row: CheckedMoves): void {
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
      this.#verifyState(stored, row.state);
      found += 1;
      this.count += 1;
    }
    if (found === 0 && this.#claims.isRepeated(row, entry.seq)) return;
    if (found !== wanted.length) {
      this.#problems.add(entry.seq, `it has ${found} movements, and ${wanted.length} in its row`);
    } else if (differs.size > 0) {
      this.#problems.add(entry.seq, `its movements differ from its row: ${[...differs].join(", ")}`);
    }
  }

  #verifyState({ number, entry, state, entered }: StoredMovement, began: MovementState): void {
    if (entered === null) {
      if (state === began) return;
      this.#problems.add(
        entry,
        `its movement ${number} is ${state}, and no entry says so: it began as ${began}`,
      );
      return;
    }
    const [by, entering] = enteredSchema.parse(JSON.parse(entered));
    if (state === entering) return;
    this.#problems.add(entry, `its movement ${number} is ${state}, and entry ${by} says ${entering}`);
  }

  end(): void {
    this.#skipStray(Number.MAX_SAFE_INTEGER);
  }

  #skipStray(seq: number): void {
    while ((this.#movements.next?.entry ?? seq) < seq) {
      const { entry, number } = this.#movements.take() ?? { entry: 0, number: 0 };
      if (this.#span.isLater(entry)) continue;
      this.#problems.add(entry, `movement ${number} belongs to no approval and to no push`);
    }
  }
}

function differences(
  stored: StoredMovement,
  entry: ChainedEntry,
  digests: readonly [signing: string, slot: string | null],
  wanted: Readonly<Record<string, unknown>> | undefined,
): string[] {
  const members = MEMBERS.map((member) => {
    const value = wanted?.[member] ?? null;
    return Array.isArray(value) ? JSON.stringify(value) : value;
  });
  // What has no transaction by name is one of its own.
  const said = [entry.tx ?? entry.seq, entry.at, ...digests, ...members];
  if (stored.said === JSON.stringify(said)) return [];
  const columns = saidSchema.parse(JSON.parse(stored.said));
  return COLUMNS.filter((_, at) => columns[at] !== said[at]);
}

interface StoredTransitions {
  readonly entry: number;
  /** A JSON array of movement and state, in their order. */
  readonly said: string;
}

/** `transitions`: all of an entry at once, along with the chain. */
export class TransitionVerifier {
  readonly #transitions: PagedRows<StoredTransitions>;
  readonly #span: Span;
  readonly #problems: Problems;

  constructor(database: Connection, span: Span, problems: Problems) {
    this.#span = span;
    this.#problems = problems;
    const select = "entry, CAST(json_group_array(json_array(movement, state)) AS BLOB) FROM transitions";
    const query = { ...span.derived, select, key: "entry", size: PAGE, grouped: true };
    this.#transitions = new PagedRows(database, query, ([entry, of]) => ({
      entry: integer(entry),
      said: castText(of),
    }));
  }

  verify(seq: number, row: CheckedRow): void {
    this.#skipStray(seq);
    const stored = this.#transitions.next?.entry === seq ? this.#transitions.take() : undefined;
    const transition = transitionOf(row);
    if (transition === undefined && stored === undefined) return;
    const movements = [...new Set(transition?.movements)].sort((a, b) => a - b);
    const wanted = JSON.stringify(movements.map((number) => [number, transition?.state]));
    if (wanted !== (stored?.said ?? "[]")) {
      const what = `states that movements enter by it are ${stored?.said ?? "[]"}`;
      this.#problems.add(seq, `${what}, and ${wanted} in its row`);
    }
  }

  end(): void {
    this.#skipStray(Number.MAX_SAFE_INTEGER);
  }

  #skipStray(seq: number): void {
    while ((this.#transitions.next?.entry ?? seq) < seq) {
      const stray = this.#transitions.take()?.entry ?? 0;
      if (this.#span.isLater(stray)) continue;
      this.#problems.add(stray, "movements enter a state by it, and it is not there");
    }
  }
}
