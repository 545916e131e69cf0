/** Ledgers for tests of what reads them: chained rows, inserted by the schema without the store. */
import { hash } from "node:crypto";
import { Kysely, type Migration, Migrator, SqliteDialect } from "kysely";
import Database from "libsql";
import { canonicalJson } from "../../src/input/canonical-json.ts";
import { type FactShape, shapeId } from "../../src/input/fact-shape.ts";
import { chainHash, GENESIS } from "../../src/ledger/chain.ts";
import type { Checkpoints } from "../../src/ledger/checkpoint.ts";
import { flagKey, flagWeight, ruleOfFlag } from "../../src/ledger/flag-rows.ts";
import type {
  EntryBody,
  Movement,
  MovementState,
  NewEntry,
  NewFlag,
  TransactionNames,
} from "../../src/ledger/ledger.ts";
import { type PushRow, rulesOf } from "../../src/ledger/rows.ts";
import { MIGRATIONS, OPEN } from "../../src/ledger/schema.ts";
import { encodeSignedMessage } from "../../src/ledger/signed-message.ts";
import type { Outcome, Reason } from "../../src/policy/verdict.ts";

export const T0 = 1_760_000_000_000;

const sha256 = (text: string) => hash("sha256", text, "hex");
const bytes = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));

/** What a decision of a test differs in from an approval of its own. */
export interface DecisionParts {
  readonly id?: string;
  readonly at?: number;
  readonly source?: string;
  readonly requestId?: string;
  readonly outcome?: Outcome;
  readonly reasons?: readonly Reason[];
  readonly alerts?: readonly Reason[];
  readonly wallet?: string;
  readonly body?: EntryBody;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly organization?: string;
  readonly names?: readonly string[];
  readonly signing?: string;
  readonly movements?: readonly Movement[];
  /** Numbers of movements that it takes over. */
  readonly takesOver?: readonly number[];
  /** Addresses that it is paid from. */
  readonly sources?: readonly string[];
  readonly more?: Readonly<Record<string, unknown>>;
}

/** What a push of a test differs in from a readable one of a deposit of its own. */
export interface PushParts {
  readonly id?: string;
  readonly at?: number;
  readonly message?: string;
  readonly names?: readonly string[];
  readonly outcome?: PushRow["outcome"];
  readonly reasons?: readonly Reason[];
  readonly flags?: readonly NewFlag[];
  readonly resolves?: readonly string[];
  readonly signing?: string;
  readonly state?: MovementState;
  readonly movements?: readonly Movement[];
  readonly transition?: NonNullable<NewEntry["transition"]>;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A flag on an address, of a rule of its own unless that is named. */
export function flag(id: string, parts: Partial<NewFlag> = {}): NewFlag {
  return {
    id,
    severity: "high",
    rule: `deposit/${id}`,
    code: "SOURCE_LISTED",
    message: "it comes from a listed address",
    marks: [{ kind: "address", value: "0xours", role: "paid_into" }],
    ...parts,
  };
}

export function movement(parts: Partial<Movement> = {}): Movement {
  return {
    organization: "org-1",
    wallet: "wallet-1",
    chain: "ETH",
    token: "ETH_USDT",
    sources: ["0xaa"],
    outpoints: [],
    destination: "0xbb",
    kind: "transaction_signing",
    direction: "out",
    units: "1000000",
    usd_micros: "1000000",
    ...parts,
  };
}

export function reason(parts: Partial<Reason> = {}): Reason {
  return {
    rule: "transfer/daily_limit",
    code: "DAILY_LIMIT",
    message: "12 in 24 h, limit 10",
    severity: "high",
    consequence: "deny",
    values: { after: "12", deny: "10" },
    ...parts,
  };
}

export class LedgerRows {
  readonly database: Database.Database;
  seq = 0;
  at = T0;
  #head: Uint8Array = GENESIS;
  #transactions = 0;
  #movements = 0;
  #flags = 0;
  readonly #hasPushes: boolean;
  readonly #statements = new Map<string, Database.Statement>();

  private constructor(database: Database.Database, hasPushes: boolean) {
    this.database = database;
    this.#hasPushes = hasPushes;
  }

  static async create(file: string): Promise<LedgerRows> {
    const database = created(file);
    const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
    for (const { up } of Object.values(MIGRATIONS)) await up(kysely);
    return new LedgerRows(database, true);
  }

  /** As a server wrote it that knew of no pushes. */
  static async createFirst(file: string): Promise<LedgerRows> {
    const database = created(file);
    const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
    const [first] = Object.entries(MIGRATIONS);
    const migrations: Record<string, Migration> = first === undefined ? {} : { [first[0]]: first[1] };
    const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    return new LedgerRows(database, false);
  }

  get head(): string {
    return Buffer.from(this.#head).toString("hex");
  }

  close(): void {
    this.database.close();
  }

  /** Runs it in one transaction: thousands of rows take moments. */
  all(work: () => void): void {
    this.database.exec("BEGIN");
    work();
    this.database.exec("COMMIT");
  }

  run(sql: string, ...values: unknown[]): void {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    statement.run(...values);
  }

  /** A decision with all that goes with it. @returns its number */
  decision(parts: DecisionParts = {}): number {
    return this.add(decisionEntry(this.seq + 1, this.at + 1_000, parts));
  }

  /** A push with all that goes with it. @returns its number */
  push(parts: PushParts = {}): number {
    return this.add(pushEntry(this.seq + 1, this.at + 1_000, parts));
  }

  /** A push that is judged again. @returns its number */
  judgement(push: string, parts: Pick<PushParts, "names" | "flags" | "resolves"> = {}): number {
    return this.add(judgementEntry(this.seq + 1, this.at + 1_000, push, parts));
  }

  /** Any other entry: `members` are those of its row besides `type`, `id` and `at`. @returns its number */
  other(
    type: Exclude<NewEntry["type"], "decision" | "push" | "judgement">,
    members: Readonly<Record<string, unknown>>,
    rest: Pick<NewEntry, "transition" | "body" | "resolves"> = {},
  ): number {
    const id = `${type[0]}_${this.seq + 1}`;
    const at = this.at + 1_000;
    return this.add({ type, id, at, row: canonicalJson({ type, id, at, ...members }), ...rest });
  }

  add(entry: NewEntry): number {
    this.seq += 1;
    this.at = entry.at;
    this.#head = chainHash(this.#head, entry.row);
    const { decision, push } = entry;
    const names = decision?.transaction ?? push?.transaction ?? entry.transaction;
    const tx = names === undefined ? null : this.#transactionOf(names);
    const identity = decision?.identity ?? push?.identity;
    this.run(
      "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[this.seq, entry.at, entry.type, entry.id, entry.row, this.#head],
      ...[decision?.source ?? push?.source ?? null, decision?.requestId ?? null],
      identity === undefined ? null : Buffer.from(identity, "hex"),
      decision === undefined ? null : Number(decision.isAnswer),
      ...[decision?.outcome ?? null, decision?.wallet ?? null, tx],
    );
    if (entry.body !== undefined) {
      const { token, document } = entry.body;
      this.run("INSERT INTO bodies VALUES (?, 0, ?, ?)", this.seq, bytes(token), bytes(document));
    }
    for (const name of decision?.rules ?? [])
      this.run("INSERT INTO entry_rules VALUES (?, ?)", name, this.seq);
    for (const number of new Set(entry.transition?.movements)) {
      this.run("UPDATE movements SET state = ? WHERE number = ?", entry.transition?.state, number);
      if (this.#hasPushes)
        this.run("INSERT INTO transitions VALUES (?, ?, ?)", this.seq, number, entry.transition?.state);
    }
    for (const row of entry.movements?.rows ?? []) this.#move(entry, row, tx);
    if (this.#hasPushes) this.#flag(entry, tx ?? this.seq, names?.names ?? []);
    return this.seq;
  }

  async checkpoint(checkpoints: Checkpoints): Promise<void> {
    const statement = checkpoints.sign(this.seq, this.head, this.at);
    this.run("INSERT INTO checkpoints VALUES (?, ?, ?)", this.seq, this.at, statement);
    await checkpoints.publish(statement);
  }

  /** Adds up all movements by a shape over the wallet alone. */
  addUpByWallet(keyOf: (wallet: string) => string): void {
    const shape: FactShape = { by: ["wallet.id"], where: { direction: "out" } };
    this.run("INSERT INTO fact_shapes VALUES (1, ?, ?, 1)", shapeId(shape), this.#movements);
    const sums = new Map<string, { count: number; usd: bigint; units: bigint }>();
    const rows = this.database
      .prepare("SELECT number, at, wallet, usd_micros, units FROM movements ORDER BY number")
      .raw(true)
      .all();
    for (const row of rows) {
      if (!Array.isArray(row)) continue;
      const [number, at, wallet, usd, units] = row;
      const sum = sums.get(String(wallet)) ?? { count: 0, usd: 0n, units: 0n };
      sum.count += 1;
      sum.usd += BigInt(usd);
      sum.units += BigInt(units);
      sums.set(String(wallet), sum);
      this.run(
        "INSERT INTO fact_log VALUES (1, ?, ?, ?, ?, ?, 0, ?, 0)",
        Buffer.from(keyOf(String(wallet)), "hex"),
        ...[at, number, sum.count, String(sum.usd), String(sum.units)],
      );
    }
  }

  #transactionOf({ organization, names }: { organization: string; names: readonly string[] }): number {
    const find = this.database
      .prepare(
        `SELECT tx FROM transaction_names WHERE name = ?2 AND
         (organization = ?1 OR (name LIKE 'cobo:%' AND (organization = '' OR ?1 = ''))) ORDER BY tx`,
      )
      .raw(true);
    const known = names.flatMap((name) => find.all(organization, name).flat()).map(Number);
    const tx = known.length > 0 ? Math.min(...known) : this.#transactions + 1;
    if (known.length === 0) this.#transactions = tx;
    for (const name of names) {
      this.run("INSERT OR IGNORE INTO transaction_names VALUES (?, ?, ?)", organization, name, tx);
    }
    return tx;
  }

  #move(entry: NewEntry, row: Movement, tx: number | null): void {
    this.#movements += 1;
    const signing = Buffer.from(entry.movements?.signing ?? "", "hex");
    this.run(
      `INSERT INTO movements VALUES (${"?,".repeat(21)}?)`,
      ...[this.#movements, this.seq, tx ?? this.seq, signing, entry.at],
      entry.movements?.state ?? "reserved",
      ...[row.organization, row.project, row.vault, row.wallet, row.chain, row.token].map((v) => v ?? null),
      ...[JSON.stringify(row.sources), JSON.stringify(row.outpoints)],
      ...[row.destination ?? null, row.initiator ?? null, row.kind, row.direction],
      ...[row.units ?? null, row.usd_micros ?? null, row.nonce ?? null, null],
    );
    if (!this.#hasPushes) return;
    const named = "INSERT OR IGNORE INTO named VALUES (?, ?, ?)";
    for (const value of [row.destination ?? [], row.sources].flat())
      this.run(named, "address", value, this.seq);
    for (const value of row.outpoints) this.run(named, "outpoint", value, this.seq);
  }

  #flag(entry: NewEntry, tx: number, names: readonly string[]): void {
    const { governs, flags = [], resolves = [] } = entry;
    for (const address of governs?.addresses ?? []) {
      this.run("INSERT OR IGNORE INTO governed VALUES (?, ?, ?)", address, governs?.wallet ?? null, this.seq);
    }
    for (const raised of flags) {
      const key = flagKey(raised, tx);
      const known = this.database.prepare("SELECT 1 FROM flags WHERE key = ?").all(key);
      if (known.length > 0) continue;
      this.#flags += 1;
      this.run(
        "INSERT INTO flags VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        ...[this.#flags, raised.id, key, this.seq, entry.at, tx, raised.code, raised.severity],
        ...[JSON.stringify(names), canonicalJson(raised)],
      );
      for (const { kind, value, role } of raised.marks) {
        const found = [ruleOfFlag(raised), raised.chain ?? "", flagWeight(raised)];
        const mark = "INSERT OR IGNORE INTO flag_marks VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        this.run(mark, this.#flags, kind, value, role, OPEN, ...found);
      }
    }
    for (const id of resolves) {
      const open = "(SELECT number FROM flags WHERE id = ? AND resolved IS NULL)";
      this.run(`UPDATE flag_marks SET open_until = ? WHERE flag = ${open}`, this.seq, id);
      this.run(`UPDATE flags SET resolved = ? WHERE number = ${open}`, this.seq, id);
    }
  }
}

function created(file: string): Database.Database {
  const database = new Database(file);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = OFF");
  return database;
}

/** A decision with all that goes with it, for a ledger of whichever kind. */
export function decisionEntry(number: number, next: number, parts: DecisionParts): NewEntry {
  const {
    id = `d_${String(number).padStart(8, "0")}`,
    at = next,
    source = "node-1",
    requestId = `request-${number}`,
    outcome = "approved",
    reasons = [],
    alerts = [],
    wallet = "wallet-1",
    body = { token: `token-${number}`, document: JSON.stringify({ number, wallet: { id: wallet } }) },
    signing = sha256(`signing ${number}`),
    takesOver,
    sources,
  } = parts;
  const identity = sha256(requestId);
  const moves = outcome === "approved" ? (parts.movements ?? [movement({ wallet })]) : undefined;
  const transaction = {
    organization: parts.organization ?? "org-1",
    names: parts.names ?? [`transaction:tx-${number}`, `request:${requestId}`],
  };
  const row = canonicalJson({
    type: "decision",
    ...{ id, at, channel: "tss.v2", kind: "transaction_signing", source, request_id: requestId, outcome },
    action: outcome === "approved" ? "APPROVE" : "REJECT",
    ...{ reasons, alerts, wallet, identity, transaction, sources },
    release: { revision: "test", sequence: 3, sha256: sha256("release") },
    input_sha256: sha256(body.document ?? ""),
    token_sha256: sha256(body.token ?? ""),
    facts: parts.facts ?? {},
    timings: { normalize: 210, evaluate: 98, explain: 0, total: 512 },
    answers: outcome !== "failed",
    ...(moves === undefined ? {} : { signing, movements: moves }),
    ...(takesOver === undefined ? {} : { takes_over: takesOver }),
    ...parts.more,
  });
  return {
    ...{ type: "decision", id, at, row, body },
    decision: {
      ...{ source, requestId, identity, isAnswer: outcome !== "failed", outcome, wallet, transaction },
      rules: rulesOf({ reasons, alerts }),
    },
    ...(moves === undefined ? {} : { movements: { signing, rows: moves } }),
    ...(takesOver === undefined ? {} : { transition: { movements: takesOver, state: "released" } }),
    ...(sources === undefined
      ? {}
      : { governs: governing(sources, outcome === "approved" ? wallet : undefined) }),
  };
}

function governing(
  addresses: readonly string[],
  wallet: string | undefined,
): NonNullable<NewEntry["governs"]> {
  return wallet === undefined ? { addresses } : { addresses, wallet };
}

/** A push with all that goes with it; its body is its message, signed, and a document. */
export function pushEntry(number: number, next: number, parts: PushParts): NewEntry {
  const {
    id = `p_${String(number).padStart(8, "0")}`,
    at = next,
    message = JSON.stringify({ id: `deposit-${number}` }),
    outcome = "clear",
    reasons = [],
    flags = [],
    resolves = [],
    signing = sha256(`deposit ${number}`),
    state,
    movements,
    transition,
  } = parts;
  const token = encodeSignedMessage({
    ...{ timestamp: String(at), signature: "3044", key: "cobo", body: Buffer.from(message) },
  });
  const document = JSON.stringify({ number });
  const identity = sha256(message);
  const { names = [`cobo:deposit-${number}`] } = parts;
  const transaction: TransactionNames | undefined =
    names.length === 0 ? undefined : { organization: "", names };
  const row = canonicalJson({
    ...{
      type: "push",
      id,
      at,
      channel: "push.custodial",
      kind: "deposit",
      source: "cobo",
      status: "success",
    },
    ...{ readable: true, late: false, message_sha256: identity, token_sha256: sha256(token) },
    ...{ outcome, reasons, alerts: [], flags, resolves, input_sha256: sha256(document), facts: {} },
    ...{ transaction, transition },
    ...(movements === undefined ? {} : { signing, state, movements }),
    ...parts.more,
  });
  return {
    ...{ type: "push", id, at, row, flags, resolves },
    push: { source: "cobo", identity, ...(transaction === undefined ? {} : { transaction }) },
    body: { token, document },
    ...(movements === undefined ? {} : { movements: { signing, state, rows: movements } }),
    ...(transition === undefined ? {} : { transition }),
  };
}

export function judgementEntry(
  number: number,
  at: number,
  push: string,
  parts: Pick<PushParts, "names" | "flags" | "resolves">,
): NewEntry {
  const { names = [], flags = [], resolves = [] } = parts;
  const id = `j_${String(number).padStart(8, "0")}`;
  const transaction = names.length === 0 ? undefined : { organization: "", names };
  const row = canonicalJson({
    ...{ type: "judgement", id, at, push, why: "release", outcome: "flagged", reasons: [], alerts: [] },
    ...{ flags, resolves, transaction },
  });
  return {
    ...{ type: "judgement", id, at, row, flags, resolves },
    ...(transaction === undefined ? {} : { transaction }),
  };
}
