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
 *
 * Of pushes, from the second migration on:
 *
 * - `transitions`: each state that an entry says a movement enters; the newest of a movement is its `state`, and where
 *   there is none it has the state that it began in.
 * - `named`: every address and outpoint that a movement named, with the first entry that did.
 * - `governed`: every address that a decision named as one that is paid from, with the first that did, and its wallet.
 * - `flags`: `flag` is what its entry's row says of it, `names` those of its transaction, as JSON; `resolved` the entry
 *   that resolved it.
 * - `flag_marks`: what flags are found by. `open_until` is the entry that resolved it, {@link OPEN} where none did;
 *   `rule` is its rule, or its code where the host raised it; `chain` may be empty; `weight` says which are told of
 *   first, see `flag-rows.ts`.
 */
import type { Kysely, Migration } from "kysely";

/** In their order; a database that has run more than these is newer than the code and is not opened. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001_ledger": { up: (database) => run(database, LEDGER) },
  "0002_pushes": { up: (database) => run(database, PUSHES) },
};

/** `flag_marks.open_until` of an open flag: more than the number of any entry. */
export const OPEN = Number.MAX_SAFE_INTEGER;

const LEDGER = [
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

/** Movements of which a state was ever entered were released by operators' acts: there was nothing else. */
const PUSHES = [
  "CREATE INDEX entries_push ON entries (identity, seq) WHERE type = 'push'",
  // Few stand in it, and mostly none: the question costs next to nothing.
  `CREATE INDEX movements_confirmed ON movements (tx)
   WHERE kind = 'withdrawal_confirmation' AND state = 'reserved'`,
  `CREATE TABLE transitions (
    entry INTEGER NOT NULL,
    movement INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (entry, movement)
  ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX transitions_movement ON transitions (movement, entry)",
  `INSERT OR IGNORE INTO transitions
    SELECT entries.seq, released.value, 'released'
    FROM entries, json_each(entries.row, '$.movements') released
    WHERE entries.type = 'act' AND entries.type <> 'decision' AND entries.row ->> '$.act' = 'release'`,
  `CREATE TABLE named (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (value, kind)
  ) STRICT, WITHOUT ROWID`,
  ...[
    "SELECT 'address', destination, entry FROM movements WHERE destination IS NOT NULL ORDER BY number",
    "SELECT 'address', source.value, entry FROM movements, json_each(sources) source ORDER BY number",
    "SELECT 'outpoint', input.value, entry FROM movements, json_each(outpoints) input ORDER BY number",
  ].map(
    (named) =>
      `INSERT INTO named ${named} ON CONFLICT DO UPDATE SET entry = excluded.entry WHERE excluded.entry < entry`,
  ),
  `CREATE TABLE governed (
    address TEXT PRIMARY KEY,
    wallet TEXT,
    entry INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE flags (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    entry INTEGER NOT NULL,
    at INTEGER NOT NULL,
    tx INTEGER NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    names TEXT NOT NULL,
    flag TEXT NOT NULL,
    resolved INTEGER
  ) STRICT`,
  "CREATE UNIQUE INDEX flags_id ON flags (id)",
  "CREATE UNIQUE INDEX flags_key ON flags (key)",
  "CREATE INDEX flags_entry ON flags (entry)",
  "CREATE INDEX flags_tx ON flags (tx, number)",
  "CREATE INDEX flags_severity ON flags (severity, number)",
  "CREATE INDEX flags_open ON flags (number) WHERE resolved IS NULL",
  "CREATE INDEX flags_open_code ON flags (code, number) WHERE resolved IS NULL",
  `CREATE TABLE flag_marks (
    flag INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    role TEXT NOT NULL,
    open_until INTEGER NOT NULL,
    rule TEXT NOT NULL,
    chain TEXT NOT NULL,
    weight INTEGER NOT NULL,
    PRIMARY KEY (flag, kind, value, role)
  ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX flag_marks_open ON flag_marks (value, kind, open_until, role, rule, chain, weight, flag)",
  "CREATE INDEX flag_marks_value ON flag_marks (value, flag)",
] as const;

async function run(database: Kysely<unknown>, statements: readonly string[]): Promise<void> {
  // Only a database that has to be changed needs it: it takes a tenth of a second to load.
  const { sql } = await import("kysely");
  for (const statement of statements) await sql.raw(statement).execute(database);
}
