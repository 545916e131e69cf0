/** Brings a database to the tables of `schema.ts`, whole or not at all, and refuses what is newer than the code. */
import { type Connection, Statement } from "./database.ts";
import { LedgerError } from "./ledger.ts";
import { MIGRATIONS } from "./schema.ts";

/**
 * @throws LedgerError `LEDGER_UNAVAILABLE` where the database is newer than the code or could not be changed,
 *   `LEDGER_CORRUPT` where it is something else than a ledger.
 */
export async function migrate(connection: Connection): Promise<void> {
  const done = migrationsOf(connection);
  const unknown = done.filter((name) => !(name in MIGRATIONS));
  if (unknown.length > 0) {
    throw new LedgerError(
      "LEDGER_UNAVAILABLE",
      `the ledger is newer than this version of the code: it has ${unknown.join(", ")}`,
    );
  }
  if (done.length < Object.keys(MIGRATIONS).length) await run(connection);
}

/** The migrations that a database has been through, without loading the library that runs them. */
function migrationsOf(connection: Connection): readonly string[] {
  const tables = new Statement(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'").all([]);
  if (tables.length === 0) return [];
  if (!tables.some((table) => table.text(0) === "kysely_migration")) {
    throw new LedgerError("LEDGER_CORRUPT", "the file is a database, but not a ledger");
  }
  const rows = new Statement(connection, "SELECT name FROM kysely_migration ORDER BY name").all([]);
  return rows.map((row) => row.text(0));
}

async function run(connection: Connection): Promise<void> {
  const { Kysely, Migrator, SqliteDialect } = await import("kysely");
  const database = new Kysely<unknown>({ dialect: new SqliteDialect({ database: connection }) });
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
  });
  connection.exec("BEGIN IMMEDIATE");
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    if (connection.inTransaction) connection.exec("ROLLBACK");
    throw error;
  }
  connection.exec("COMMIT");
}
