/** What takes a look-up a row to verify: wallets of documents, names of transactions, the sums of history. */
import { z } from "zod";
import { type ChainedEntry, checkedRowSchema, ENTRY_COLUMNS } from "./chained-entry.ts";
import { text, utf8Of } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";
import { verifyFacts } from "./verify-facts.ts";

const WALLET = ENTRY_COLUMNS.indexOf("wallet");
const documentSchema = z.object({ wallet: z.object({ id: z.string() }).optional() });

export class DeepVerifier {
  readonly #database: Connection;
  readonly #problems: Problems;

  constructor(database: Connection, problems: Problems) {
    this.#database = database;
    this.#problems = problems;
  }

  /** @param document - where it is there and as its digest says. */
  verify(entry: ChainedEntry, document: Uint8Array | undefined): void {
    if (document === undefined) return;
    const { wallet } = documentSchema.parse(JSON.parse(utf8Of(document)));
    const known: unknown = JSON.parse(entry.columns);
    if (Array.isArray(known) && known[WALLET] !== (wallet?.id ?? null)) {
      this.#problems.add(entry.seq, "its wallet is another than its document's");
    }
  }

  end(): void {
    this.#verifyNames();
    verifyFacts(this.#database, this.#problems);
    const [found] = this.#database.prepare("PRAGMA integrity_check(1)").raw(true).all().flat();
    if (found !== "ok") this.#problems.add(0, `the file's structure is damaged: ${text(found)}`);
  }

  /** Each name leads to a transaction one of whose decisions has it. */
  #verifyNames(): void {
    const rows = this.#database.prepare("SELECT row FROM entries WHERE tx = ? ORDER BY seq").raw(true);
    const names = this.#database.prepare("SELECT organization, name, tx FROM transaction_names").raw(true);
    for (const columns of names.iterate()) {
      if (!Array.isArray(columns)) continue;
      const [organization, name, tx] = columns;
      const owned = rows
        .all(tx)
        .flat()
        .some((row) => hasName(row, text(organization), text(name)));
      if (!owned) this.#problems.add(0, `${text(name)} leads to a transaction that no decision calls so`);
    }
  }
}

function hasName(row: unknown, organization: string, name: string): boolean {
  const parsed = checkedRowSchema.safeParse(JSON.parse(text(row)));
  if (!parsed.success || parsed.data.type !== "decision") return false;
  const { transaction } = parsed.data;
  return transaction?.organization === organization && transaction.names.includes(name);
}
