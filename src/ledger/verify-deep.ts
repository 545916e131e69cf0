/** What takes a look-up a row to verify: wallets of documents, names of transactions, the file's own structure. */
import { type ChainedEntry, ENTRY_COLUMNS } from "./chained-entry.ts";
import { checkRow, transactionOf } from "./checked-row.ts";
import { castText, text, utf8Of } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";

const WALLET = ENTRY_COLUMNS.indexOf("wallet");

/** @param document - of the entry, as its digest says. */
export function verifyWallet(entry: ChainedEntry, document: Uint8Array, problems: Problems): void {
  if (entry.columns[WALLET] !== walletOf(document)) {
    problems.add(entry.seq, "its wallet is another than its document's");
  }
}

/** `undefined` for what is no document. */
function walletOf(document: Uint8Array): string | null | undefined {
  let value: unknown;
  try {
    value = JSON.parse(utf8Of(document));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("wallet" in value)) return null;
  const { wallet } = value;
  if (typeof wallet !== "object" || wallet === null || !("id" in wallet)) return undefined;
  return typeof wallet.id === "string" ? wallet.id : undefined;
}

export function verifyStructure(database: Connection, problems: Problems): void {
  const [found] = database.prepare("PRAGMA integrity_check(1)").raw(true).all().flat();
  if (found !== "ok") problems.add(0, `the file's structure is damaged: ${text(found)}`);
}

/**
 * Each name leads to a transaction one of whose entries has it. One question for all names: what the driver keeps
 * of each question it frees only when the thread comes to rest.
 */
export function verifyNames(database: Connection, problems: Problems): void {
  const names = database
    .prepare(
      `SELECT CAST(names.organization AS BLOB), CAST(names.name AS BLOB), CAST(entries.row AS BLOB)
       FROM transaction_names names
       LEFT JOIN entries ON entries.tx = names.tx AND instr(entries.row, json_quote(names.name)) > 0
       ORDER BY names.organization, names.name`,
    )
    .raw(true);
  let asked: { readonly organization: string; readonly name: string } | undefined;
  let owned = true;
  const end = () => {
    if (!owned) problems.add(0, `${asked?.name} leads to a transaction that no entry calls so`);
  };
  for (const columns of names.iterate()) {
    if (!Array.isArray(columns)) continue;
    const [organization, name] = columns.slice(0, 2).map(castText);
    if (organization === undefined || name === undefined) continue;
    if (asked?.organization !== organization || asked.name !== name) {
      end();
      asked = { organization, name };
      owned = false;
    }
    owned ||= columns[2] !== null && hasName(castText(columns[2]), organization, name);
  }
  end();
}

function hasName(row: string, organization: string, name: string): boolean {
  const checked = checkRow(row);
  if (typeof checked === "string") return false;
  const transaction = transactionOf(checked);
  return transaction?.organization === organization && transaction.names.includes(name);
}
