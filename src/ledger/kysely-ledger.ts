/** The ledger for the questions of people: a connection that only reads, and `kysely` over it. */
import { Kysely, SqliteDialect } from "kysely";
import { type Connection, openToRead } from "./read-connection.ts";
import type { Tables } from "./tables.ts";

/** Both are one connection: what is asked through either within a transaction sees one state. */
export interface LedgerReader {
  readonly connection: Connection;
  readonly kysely: Kysely<Tables>;
}

/** @throws LedgerError as `openToRead`. */
export function openReader(file: string): LedgerReader {
  const connection = openToRead(file);
  return { connection, kysely: new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) }) };
}
