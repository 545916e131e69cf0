/** One entry into its tables, within a transaction of the caller's. Rows are gathered and written by `flush`. */
import { BodyEncoder } from "./body-encoding.ts";
import { chainHash } from "./chain.ts";
import type { Connection } from "./database.ts";
import type { FactLog } from "./fact-log.ts";
import { FlagWriter } from "./flag-writer.ts";
import { Inserts } from "./inserts.ts";
import type { DecisionKeys, EntryBody, NewEntry, TransactionNames } from "./ledger.ts";
import { digestOf, MovementWriter, type Origin } from "./movement-writer.ts";
import { NamedWriter } from "./named-writer.ts";
import { type Head, headOf } from "./open-database.ts";
import { TransactionWriter } from "./transaction-names.ts";
import type { Written } from "./writer-protocol.ts";

export class EntryWriter {
  readonly #connection: Connection;
  readonly #facts: FactLog;
  readonly #movements: MovementWriter;
  readonly #transactions: TransactionWriter;
  readonly #flags: FlagWriter;
  readonly #named: NamedWriter;
  readonly #entries: Inserts;
  readonly #bodies: Inserts;
  readonly #encoder = new BodyEncoder();
  readonly #rules: Inserts;
  #head: Head;

  constructor(connection: Connection, facts: FactLog) {
    this.#connection = connection;
    this.#facts = facts;
    this.#movements = new MovementWriter(connection, facts);
    this.#transactions = new TransactionWriter(connection);
    this.#flags = new FlagWriter(connection);
    this.#named = new NamedWriter(connection);
    this.#entries = new Inserts(
      connection,
      "entries (seq, at, type, id, row, hash, source, request_id, identity, is_answer, outcome, wallet, tx)",
      13,
    );
    this.#bodies = new Inserts(connection, "bodies (seq, encoding, token, document)", 4);
    this.#rules = new Inserts(connection, "entry_rules (name, seq)", 2);
    this.#head = headOf(connection);
  }

  get head(): Head {
    return this.#head;
  }

  /** What is gathered and remembered is dropped: the transaction, or a part of it, was rolled back. */
  forget(): void {
    this.#entries.forget();
    this.#bodies.forget();
    this.#encoder.reset();
    this.#rules.forget();
    this.#transactions.forget();
    this.#movements.forget();
    this.#named.forget();
    this.#facts.forget();
    this.#head = headOf(this.#connection);
  }

  flush(): void {
    this.#entries.flush();
    this.#flushBodies();
    this.#rules.flush();
    this.#transactions.flush();
    this.#movements.flush();
    this.#named.flush();
    this.#facts.flush();
  }

  /**
   * To be told of the entries of a group before they are appended: mostly all of them are of new transactions.
   *
   * @throws TypeError for an entry that can't be written.
   */
  expect(entries: readonly NewEntry[]): void {
    this.#transactions.expect(entries.flatMap((entry) => namesOf(entry) ?? []));
    this.#movements.expect(entries.flatMap(({ movements }) => movements ?? []));
  }

  /**
   * @returns its number in the chain, and what it added.
   * @throws RangeError, TypeError or SyntaxError for an entry that can't be written.
   */
  append(entry: NewEntry): Written {
    if (entry.at < this.#head.at) throw new RangeError("an entry is older than the newest of the ledger");
    const seq = this.#head.seq + 1;
    const hash = chainHash(this.#head.hash, entry.row);
    const { decision, push } = entry;
    const names = namesOf(entry);
    const transaction = names === undefined ? undefined : this.#transactions.resolve(names, seq);
    const identity = decision?.identity ?? push?.identity;
    this.#entries.add([
      seq,
      entry.at,
      entry.type,
      entry.id,
      entry.row,
      hash,
      decision?.source ?? push?.source ?? null,
      decision?.requestId ?? null,
      identity === undefined ? null : digestOf(identity),
      decision === undefined ? null : Number(decision.isAnswer),
      decision?.outcome ?? null,
      decision?.wallet ?? null,
      transaction ?? null,
    ]);
    if (entry.body !== undefined) this.#addBody(entry.body, seq);
    if (decision !== undefined) this.#addRules(decision, seq);
    const origin = { entry: seq, transaction: transaction ?? seq, at: entry.at };
    const counting = this.#move(entry, origin);
    if (entry.governs !== undefined) this.#named.govern(entry.governs, seq);
    if (entry.flags !== undefined) this.#flags.raise(entry.flags, origin, names?.names ?? []);
    if (entry.resolves !== undefined) this.#flags.resolve(entry.resolves, seq);
    this.#head = { seq, hash, at: entry.at };
    return { seq, ...counting };
  }

  /** What it takes over is released before its own movements are counted. */
  #move({ movements, transition }: NewEntry, origin: Origin): Omit<Written, "seq"> {
    const { entry } = origin;
    const changed =
      transition !== undefined && this.#movements.enter(transition.movements, transition.state, entry);
    const counted = movements === undefined ? "none" : this.#movements.reserve(movements, origin);
    if (movements !== undefined) this.#named.name(movements.rows, entry);
    return { counted, changed };
  }

  #addBody(body: EntryBody, seq: number): void {
    if (!this.#encoder.hasRoomFor(body)) this.#flushBodies();
    const { encoding, token, document } = this.#encoder.encode(body);
    this.#bodies.add([seq, encoding, token, document]);
  }

  #flushBodies(): void {
    this.#bodies.flush();
    this.#encoder.reset();
  }

  #addRules({ rules }: DecisionKeys, seq: number): void {
    for (const name of new Set(rules)) this.#rules.add([name, seq]);
  }
}

function namesOf({ decision, push, transaction }: NewEntry): TransactionNames | undefined {
  return decision?.transaction ?? push?.transaction ?? transaction;
}
