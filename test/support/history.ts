/**
 * A ledger with a long past, written straight into the store: millions of approved payments of one ETH-like token,
 * as the server itself would have left them. For benchmarks, and in small for a test that holds it against `verify`.
 */
import { join } from "node:path";
import { canonicalJson } from "../../src/input/canonical-json.ts";
import { type FactShape, shapeId } from "../../src/input/fact-shape.ts";
import { chainHash, GENESIS } from "../../src/ledger/chain.ts";
import { openCheckpoints } from "../../src/ledger/checkpoint.ts";
import { type Connection, connect, Statement, type Value } from "../../src/ledger/database.ts";
import { factKeys } from "../../src/ledger/fact-keys.ts";
import { Inserts } from "../../src/ledger/inserts.ts";
import type { Movement } from "../../src/ledger/ledger.ts";
import { MOVEMENT_COLUMNS, MOVEMENT_WIDTH, movementValues } from "../../src/ledger/movement-rows.ts";
import { NamedWriter } from "../../src/ledger/named-writer.ts";
import { openLedger } from "../../src/ledger/open.ts";

/**
 * @property payments - how many there are; @property busy - the wallet that made each tenth of them.
 * @property spacingMs - from one payment to the next; the last one is of now.
 * @property shapes - which are added up.
 */
export interface History {
  readonly payments: number;
  readonly busy: Movement;
  readonly spacingMs: number;
  readonly shapes: readonly FactShape[];
}

const OTHER_WALLETS = 9_973;
const COMMIT_EVERY = 50_000;

/** Writes it into a state directory that is empty. @param now - milliseconds since the epoch. */
export async function writeHistory(directory: string, history: History, now: number): Promise<void> {
  const ledger = await openLedger({
    directory,
    minFreeBytes: 0,
    checkpointEvery: 1_000,
    now: () => now,
    checkpoints: openCheckpoints,
    onEvent: () => {},
  });
  await ledger.keepShapes(history.shapes);
  await ledger.close();
  const connection = connect(join(directory, "ledger.db"), 0);
  connection.pragma("synchronous=OFF");
  connection.pragma("cache_size=-262144");
  writePayments(connection, history, now);
  const shapes = new Map(history.shapes.map((shape) => [shapeId(shape), shape]));
  for (const shape of shapes.values()) addUp(connection, shape, history);
  connection.pragma("wal_checkpoint(TRUNCATE)");
  connection.close();
}

function paymentOf(number: number, { busy }: History): Movement {
  return number % 10 === 0 ? busy : paymentBy(number % OTHER_WALLETS, busy);
}

function paymentBy(wallet: number, busy: Movement): Movement {
  return { ...busy, wallet: `wallet-${wallet}`, sources: [`from-${wallet}`], destination: `to-${wallet}` };
}

function writePayments(connection: Connection, history: History, now: number): void {
  const entries = new Inserts(
    connection,
    "entries (seq, at, type, id, row, hash, source, request_id, identity, is_answer, outcome, wallet, tx)",
    13,
  );
  const movements = new Inserts(connection, `movements (${MOVEMENT_COLUMNS})`, MOVEMENT_WIDTH);
  const names = new Inserts(connection, "transaction_names (organization, name, tx)", 3);
  const named = new NamedWriter(connection);
  let head = GENESIS;
  connection.exec("BEGIN");
  for (let number = 1; number <= history.payments; number += 1) {
    const movement = paymentOf(number, history);
    const at = now - (history.payments - number) * history.spacingMs;
    const digits = String(number).padStart(12, "0");
    const id = `d_${digits.padStart(26, "0")}`;
    const identity = number.toString(16).padStart(64, "0");
    const request = `past-${digits}`;
    const name = `transaction:past-${digits}`;
    const organization = movement.organization ?? "";
    const row = canonicalJson({
      type: "decision",
      id,
      at,
      channel: "tss.v2",
      kind: movement.kind,
      source: "node-1",
      request_id: request,
      outcome: "approved",
      action: "APPROVE",
      reasons: [],
      alerts: [],
      input_sha256: identity,
      facts: {},
      timings: { normalize: 100, evaluate: 200, explain: 0, total: 900 },
      identity,
      answers: true,
      wallet: movement.wallet,
      transaction: { organization, names: [name] },
      signing: identity,
      movements: [movement],
    });
    head = chainHash(head, row);
    const digest = Buffer.from(identity, "hex");
    const values: Value[] = [
      number,
      at,
      "decision",
      id,
      row,
      head,
      "node-1",
      request,
      digest,
      1,
      "approved",
      movement.wallet ?? null,
      number,
    ];
    entries.add(values);
    const of = {
      number,
      entry: number,
      transaction: number,
      signing: digest,
      slot: null,
      at,
      state: "reserved",
    };
    movements.add(movementValues(of, movement));
    names.add([organization, name, number]);
    named.name([movement], number);
    if (entries.gathered < 16 && number < history.payments) continue;
    entries.flush();
    movements.flush();
    names.flush();
    named.flush();
    if (number % COMMIT_EVERY < 16) connection.exec("COMMIT; BEGIN");
  }
  connection.exec("COMMIT");
}

/** The sums of one shape: all payments are alike, so that a key's sums are its count times one payment. */
function addUp(connection: Connection, shape: FactShape, history: History): void {
  const id = new Statement(connection, "SELECT id FROM fact_shapes WHERE shape = ?").first([shapeId(shape)]);
  connection.exec("CREATE TEMP TABLE keys (wallet TEXT PRIMARY KEY, key BLOB) WITHOUT ROWID");
  const add = new Statement(connection, "INSERT OR IGNORE INTO keys VALUES (?, ?)");
  const wallets = Array.from({ length: OTHER_WALLETS }, (_each, wallet) => paymentBy(wallet, history.busy));
  connection.exec("BEGIN");
  for (const movement of [history.busy, ...wallets]) {
    // None where the shape is of the other direction.
    const [key] = factKeys(shape, movement, "reserved");
    if (key !== undefined) add.run([movement.wallet ?? "", Buffer.from(key, "hex")]);
  }
  connection.exec("COMMIT");
  const { usd_micros = "0", units = "0" } = history.busy;
  new Statement(
    connection,
    `INSERT INTO fact_log
     SELECT ?, key, at, number, rank, CAST(rank * ${BigInt(usd_micros)} AS TEXT), 0, CAST(rank * ${BigInt(units)} AS TEXT), 0 FROM (
       SELECT k.key, m.at, m.number, row_number() OVER (PARTITION BY k.key ORDER BY m.number) AS rank
       FROM movements m JOIN keys k ON k.wallet = m.wallet
     ) ORDER BY key, at, number`,
  ).run([id?.integer(0) ?? 0]);
  new Statement(connection, "UPDATE fact_shapes SET through = ? WHERE id = ?").run([
    history.payments,
    id?.integer(0) ?? 0,
  ]);
  connection.exec("DROP TABLE keys");
}
