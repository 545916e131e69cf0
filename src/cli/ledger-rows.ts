/** What a ledger's file says, whether a server runs or not. */
import { existsSync } from "node:fs";
import { text } from "../ledger/paged-rows.ts";
import { openToRead } from "../ledger/read-connection.ts";

/**
 * All entries of a type, as they are stored, the oldest first; none of an installation that never ran.
 *
 * @param file - the ledger's.
 * @throws LedgerError where it can't be read.
 */
export function rowsOf(file: string, type: "release" | "list"): string[] {
  if (!existsSync(file)) return [];
  const connection = openToRead(file);
  try {
    // The index has no decisions, and is used only where that is said.
    const found = connection
      .prepare("SELECT row FROM entries WHERE type = ? AND type <> 'decision' ORDER BY seq")
      .raw(true);
    return found.all(type).flatMap((columns) => (Array.isArray(columns) ? [text(columns[0])] : []));
  } finally {
    connection.close();
  }
}
