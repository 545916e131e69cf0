/** For the tests: a state directory, entries that differ, and a second connection that looks at the file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, vi } from "vitest";
import { canonicalJson } from "../../src/input/canonical-json.ts";
import { type Connection, connect, Statement, type Value } from "../../src/ledger/database.ts";
import type {
  Appended,
  DecisionKeys,
  Ledger,
  Movement,
  NewEntry,
  NewFlag,
  PushKeys,
} from "../../src/ledger/ledger.ts";
import {
  type LedgerEvent,
  type LedgerOptions,
  openLedger,
  type SqliteLedger,
} from "../../src/ledger/open.ts";

/** What is told what to do once a thing is not needed any more: after the test, by default. */
export type AtEnd = (end: () => Promise<void> | void) => unknown;

export function stateDirectory(atEnd: AtEnd = onTestFinished): string {
  const directory = mkdtempSync(join(tmpdir(), "countersign-ledger-"));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface Opened {
  readonly ledger: SqliteLedger;
  readonly events: LedgerEvent[];
}

export async function opened(
  directory: string,
  options: Partial<LedgerOptions> = {},
  atEnd: AtEnd = onTestFinished,
): Promise<Opened> {
  const events: LedgerEvent[] = [];
  const ledger = await openLedger({
    directory,
    minFreeBytes: 0,
    checkpointEvery: 1_000,
    now: Date.now,
    onEvent: (event) => events.push(event),
    ...options,
  });
  atEnd(() => ledger.close());
  return { ledger, events };
}

/** A connection beside the ledger's own, as another process has one. */
export function beside(directory: string): Connection {
  const connection = connect(join(directory, "ledger.db"), 5_000);
  onTestFinished(() => {
    // The driver takes the process with it where one that is closed is asked anything.
    if (!connection.open) return;
    if (connection.inTransaction) connection.exec("ROLLBACK");
    connection.close();
  });
  return connection;
}

/** The first column of the first row. */
export function count(connection: Connection, sql: string, values: readonly Value[] = []): number {
  return new Statement(connection, sql).first(values)?.integer(0) ?? Number.NaN;
}

const hex = (value: number) => value.toString(16).padStart(64, "0");
let made = 0;

export function movement(members: Partial<Movement> = {}): Movement {
  return {
    organization: "org",
    wallet: "wallet-1",
    chain: "ETH",
    token: "ETH_USDT",
    sources: ["0xfrom"],
    outpoints: [],
    destination: "0xto",
    kind: "transaction_signing",
    direction: "out",
    units: "1000000",
    usd_micros: "1000000",
    ...members,
  };
}

interface EntryMembers extends Partial<Omit<NewEntry, "decision">> {
  readonly decision?: Partial<DecisionKeys>;
}

/** A decision with an id of its own; movements only where they are given. */
export function entry(members: EntryMembers = {}): NewEntry {
  made += 1;
  const { decision, ...others } = members;
  const id = `d_${String(made).padStart(8, "0")}`;
  return {
    type: "decision",
    id,
    at: 1_700_000_000_000,
    row: canonicalJson({ id, made }),
    decision: {
      source: "node-1",
      requestId: `request-${made}`,
      identity: hex(made),
      isAnswer: true,
      outcome: "approved",
      rules: ["limits/daily", "DAILY_LIMIT"],
      ...decision,
    },
    body: { token: `token ${made}`, document: `{"made":${made}}` },
    ...others,
  };
}

interface PushMembers extends Partial<Omit<NewEntry, "push">> {
  readonly push?: Partial<PushKeys>;
}

/** A push of its own bytes, without a transaction unless it is named. */
export function push(members: PushMembers = {}): NewEntry {
  made += 1;
  const { push: keys, ...others } = members;
  const id = `p_${String(made).padStart(8, "0")}`;
  return {
    type: "push",
    id,
    at: 1_700_000_000_000,
    row: canonicalJson({ id, made }),
    push: { source: "cobo", identity: hex(made), ...keys },
    body: { token: `push ${made}`, document: `{"made":${made}}` },
    ...others,
  };
}

/** A push that was judged again. */
export function judgement(members: Partial<NewEntry> = {}): NewEntry {
  const { push: _, body: __, ...entryOfPush } = push();
  return { ...entryOfPush, type: "judgement", ...members };
}

/** A flag with an id of its own, on an address. */
export function flag(members: Partial<NewFlag> = {}): NewFlag {
  made += 1;
  return {
    id: `g_${String(made).padStart(8, "0")}`,
    severity: "high",
    rule: "deposit/source",
    code: "SOURCE_LISTED",
    message: "it comes from a listed address",
    marks: [{ kind: "address", value: "0xours", role: "paid_into" }],
    ...members,
  };
}

/** Movements of a signing that no other has, unless it is named. */
export function reserved(rows: readonly Movement[], signing?: string): NonNullable<NewEntry["movements"]> {
  made += 1;
  return { signing: signing ?? hex(made), rows };
}

/** A number, or the code of the error. */
export async function outcomeOf({ durable }: Appended): Promise<unknown> {
  return durable.catch((error: unknown) => (error instanceof Error && "code" in error ? error.code : error));
}

export async function becomesWell(ledger: Ledger): Promise<void> {
  await vi.waitFor(() => expect(ledger.health().ok).toBe(true), { timeout: 15_000, interval: 20 });
}
