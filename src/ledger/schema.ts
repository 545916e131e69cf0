/**
 * The tables. `entries` is the chain and the only source of truth; all others can be derived from its rows and
 * exist to be found by, but for `bodies`, which the rows name by digest, and `checkpoints`.
 *
 * - `entries`: the chain. `hash` = SHA-256 over the 32 bytes of the previous entry's hash (zeros before the
 *   first) and the UTF-8 of `row`. `seq` counts from 1 without gaps.
 * - `bodies`: token and document of an entry, pruned after the retention. `encoding` says how they are stored.
 * - `entry_rules`: which entries name a rule or a code.
 * - `transaction_names`, `movements`: see `ledger.ts`.
 * - `fact_shapes`, `fact_log`: running aggregates. For each key of a shape one row a movement, each with the sums
 *   over all rows of the key so far: what a window adds up to is the newest row less the last one before the
 *   window, two look-ups however many rows lie between.
 * - `fact_late`: what changed of a movement after it had been added up (it was released or entered another state, or
 *   an earlier one of its slot did): added to every window that contains `at`.
 * - `process`: one row; how far the appender of this process has come.
 */
import type { Kysely, Migration } from "kysely";

/** In their order; a database that has run more than these is newer than the code and is not opened. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001_ledger": { up: createLedger },
};

const STATEMENTS = [
  `CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    row TEXT NOT NULL,
    hash BLOB NOT NULL,
    source TEXT,
    request_id TEXT,
    identity BLOB,
    is_answer INTEGER,
    outcome TEXT,
    wallet TEXT,
    tx INTEGER
  ) STRICT`,
  "CREATE UNIQUE INDEX entries_id ON entries (id)",
  "CREATE INDEX entries_request ON entries (request_id, source, seq) WHERE request_id IS NOT NULL",
  "CREATE INDEX entries_wallet ON entries (wallet, seq) WHERE wallet IS NOT NULL",
  "CREATE INDEX entries_outcome ON entries (outcome, seq) WHERE outcome <> 'approved'",
  "CREATE INDEX entries_type ON entries (type, seq) WHERE type <> 'decision'",
  "CREATE INDEX entries_tx ON entries (tx, seq) WHERE tx IS NOT NULL",
  `CREATE TABLE bodies (
    seq INTEGER PRIMARY KEY,
    encoding INTEGER NOT NULL,
    token BLOB,
    document BLOB
  ) STRICT`,
  "CREATE TABLE entry_rules (name TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (name, seq)) STRICT, WITHOUT ROWID",
  `CREATE TABLE transaction_names (
    organization TEXT NOT NULL,
    name TEXT NOT NULL,
    tx INTEGER NOT NULL,
    PRIMARY KEY (organization, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE movements (
    number INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL,
    tx INTEGER NOT NULL,
    signing BLOB NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    organization TEXT, project TEXT, vault TEXT, wallet TEXT, chain TEXT, token TEXT,
    sources TEXT NOT NULL,
    outpoints TEXT NOT NULL,
    destination TEXT, initiator TEXT,
    kind TEXT NOT NULL,
    direction TEXT NOT NULL,
    units TEXT, usd_micros TEXT, nonce TEXT,
    slot BLOB
  ) STRICT`,
  "CREATE INDEX movements_signing ON movements (signing)",
  "CREATE INDEX movements_slot ON movements (slot) WHERE slot IS NOT NULL",
  "CREATE INDEX movements_tx ON movements (tx)",
  `CREATE TABLE fact_shapes (
    id INTEGER PRIMARY KEY,
    shape TEXT NOT NULL UNIQUE,
    through INTEGER NOT NULL,
    ready INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE fact_log (
    shape INTEGER NOT NULL,
    key BLOB NOT NULL,
    at INTEGER NOT NULL,
    movement INTEGER NOT NULL,
    count INTEGER NOT NULL,
    usd_micros TEXT NOT NULL,
    unpriced INTEGER NOT NULL,
    units TEXT NOT NULL,
    unmeasured INTEGER NOT NULL,
    PRIMARY KEY (shape, key, at, movement)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE fact_late (
    shape INTEGER NOT NULL,
    key BLOB NOT NULL,
    at INTEGER NOT NULL,
    movement INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    count INTEGER NOT NULL,
    usd_micros TEXT NOT NULL,
    unpriced INTEGER NOT NULL,
    units TEXT NOT NULL,
    unmeasured INTEGER NOT NULL,
    PRIMARY KEY (shape, key, at, movement, entry)
  ) STRICT, WITHOUT ROWID`,
  "CREATE TABLE checkpoints (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, statement TEXT NOT NULL) STRICT",
  "CREATE TABLE prices (token TEXT PRIMARY KEY, usd TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  "CREATE TABLE process (one INTEGER PRIMARY KEY CHECK (one = 1), through INTEGER NOT NULL) STRICT",
  "INSERT INTO process VALUES (1, 0)",
] as const;

async function createLedger(database: Kysely<unknown>): Promise<void> {
  // Only a database that has to be changed needs it: it takes a tenth of a second to load.
  const { sql } = await import("kysely");
  for (const statement of STATEMENTS) await sql.raw(statement).execute(database);
}
