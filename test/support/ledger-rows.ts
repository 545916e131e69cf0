/** Ledgers for tests of what reads them: chained rows, inserted by the schema without the store. */
import { hash } from "node:crypto";
import { Kysely, SqliteDialect } from "kysely";
import Database from "libsql";
import { canonicalJson } from "../../src/input/canonical-json.ts";
import { type FactShape, shapeId } from "../../src/input/fact-shape.ts";
import { chainHash, GENESIS } from "../../src/ledger/chain.ts";
import type { Checkpoints } from "../../src/ledger/checkpoint.ts";
import type { EntryBody, Movement, NewEntry } from "../../src/ledger/ledger.ts";
import { rulesOf } from "../../src/ledger/rows.ts";
import { MIGRATIONS } from "../../src/ledger/schema.ts";
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
  readonly movements?: readonly Movement[];
  readonly more?: Readonly<Record<string, unknown>>;
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

  private constructor(database: Database.Database) {
    this.database = database;
  }

  static async create(file: string): Promise<LedgerRows> {
    const database = new Database(file);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = OFF");
    const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
    for (const { up } of Object.values(MIGRATIONS)) await up(kysely);
    return new LedgerRows(database);
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
    this.database.prepare(sql).run(...values);
  }

  /** A decision with all that goes with it. @returns its number */
  decision(parts: DecisionParts = {}): number {
    const number = this.seq + 1;
    const {
      id = `d_${String(number).padStart(8, "0")}`,
      source = "node-1",
      requestId = `request-${number}`,
      outcome = "approved",
      reasons = [],
      alerts = [],
      wallet = "wallet-1",
      body = { token: `token-${number}`, document: JSON.stringify({ number, wallet: { id: wallet } }) },
    } = parts;
    const at = parts.at ?? this.at + 1_000;
    const identity = sha256(requestId);
    const signing = sha256(`signing ${number}`);
    const moves = outcome === "approved" ? (parts.movements ?? [movement({ wallet })]) : undefined;
    const transaction = {
      organization: parts.organization ?? "org-1",
      names: parts.names ?? [`transaction:tx-${number}`, `request:${requestId}`],
    };
    const row = canonicalJson({
      type: "decision",
      ...{ id, at, channel: "tss.v2", kind: "transaction_signing", source, request_id: requestId, outcome },
      action: outcome === "approved" ? "APPROVE" : "REJECT",
      ...{ reasons, alerts, wallet, identity, transaction },
      release: { revision: "test", sequence: 3, sha256: sha256("release") },
      input_sha256: sha256(body.document ?? ""),
      token_sha256: sha256(body.token ?? ""),
      facts: parts.facts ?? {},
      timings: { normalize: 210, evaluate: 98, explain: 0, total: 512 },
      answers: outcome !== "failed",
      ...(moves === undefined ? {} : { signing, movements: moves }),
      ...parts.more,
    });
    return this.add({
      ...{ type: "decision", id, at, row, body },
      decision: {
        ...{ source, requestId, identity, isAnswer: outcome !== "failed", outcome, wallet, transaction },
        rules: rulesOf({ reasons, alerts }),
      },
      ...(moves === undefined ? {} : { movements: { signing, rows: moves } }),
    });
  }

  /** Any other entry: `members` are those of its row besides `type`, `id` and `at`. @returns its number */
  other(
    type: Exclude<NewEntry["type"], "decision">,
    members: Readonly<Record<string, unknown>>,
    rest: Pick<NewEntry, "transition" | "body"> = {},
  ): number {
    const id = `${type[0]}_${this.seq + 1}`;
    const at = this.at + 1_000;
    return this.add({ type, id, at, row: canonicalJson({ type, id, at, ...members }), ...rest });
  }

  add(entry: NewEntry): number {
    this.seq += 1;
    this.at = entry.at;
    this.#head = chainHash(this.#head, entry.row);
    const { decision } = entry;
    const tx = decision?.transaction === undefined ? null : this.#transactionOf(decision.transaction);
    this.run(
      "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[this.seq, entry.at, entry.type, entry.id, entry.row, this.#head],
      ...[decision?.source ?? null, decision?.requestId ?? null],
      decision === undefined ? null : Buffer.from(decision.identity, "hex"),
      decision === undefined ? null : Number(decision.isAnswer),
      ...[decision?.outcome ?? null, decision?.wallet ?? null, tx],
    );
    if (entry.body !== undefined) {
      const { token, document } = entry.body;
      this.run("INSERT INTO bodies VALUES (?, 0, ?, ?)", this.seq, bytes(token), bytes(document));
    }
    for (const name of decision?.rules ?? [])
      this.run("INSERT INTO entry_rules VALUES (?, ?)", name, this.seq);
    for (const row of entry.movements?.rows ?? []) {
      this.#move(entry, row, Buffer.from(entry.movements?.signing ?? "", "hex"), tx);
    }
    for (const number of entry.transition?.movements ?? []) {
      this.run("UPDATE movements SET state = ? WHERE number = ?", entry.transition?.state, number);
    }
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
      .prepare("SELECT tx FROM transaction_names WHERE organization = ? AND name = ?")
      .raw(true);
    const known = names.flatMap((name) => find.all(organization, name).flat()).map(Number);
    const tx = known[0] ?? this.#transactions + 1;
    if (known.length === 0) this.#transactions = tx;
    for (const name of names) {
      this.run("INSERT OR IGNORE INTO transaction_names VALUES (?, ?, ?)", organization, name, tx);
    }
    return tx;
  }

  #move(entry: NewEntry, row: Movement, signing: Buffer, tx: number | null): void {
    this.#movements += 1;
    this.run(
      `INSERT INTO movements VALUES (${"?,".repeat(21)}?)`,
      ...[this.#movements, this.seq, tx, signing, entry.at, "reserved"],
      ...[row.organization, row.project, row.vault, row.wallet, row.chain, row.token].map((v) => v ?? null),
      ...[JSON.stringify(row.sources), JSON.stringify(row.outpoints)],
      ...[row.destination ?? null, row.initiator ?? null, row.kind, row.direction],
      ...[row.units ?? null, row.usd_micros ?? null, row.nonce ?? null, null],
    );
  }
}
