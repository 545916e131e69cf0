/** An entry's row against its own columns and its body. */
import { hash } from "node:crypto";
import { messageOf } from "../thrown.ts";
import { decodeDocument, tokenDigest } from "./body-encoding.ts";
import { type ChainedEntry, ENTRY_COLUMNS } from "./chained-entry.ts";
import { type CheckedRow, transactionOf } from "./checked-row.ts";
import { blob, type Columns, integer, orNull, PagedRows } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";
import type { Span } from "./verify-span.ts";

/** What the columns of an entry must be by its row. */
export function verifyColumns(entry: ChainedEntry, row: CheckedRow, problems: Problems): void {
  const said = [row.at, row.type, row.id, ...keysOf(row)];
  const differs: string[] = ENTRY_COLUMNS.filter((_, at) => !agrees(entry.columns[at] ?? null, said[at]));
  if ((entry.tx === null) !== (transactionOf(row) === undefined)) differs.push("tx");
  if (differs.length > 0) problems.add(entry.seq, `its columns differ from its row: ${differs.join(", ")}`);
}

/** A row may leave open what one of these stands for. */
const OPEN = Symbol("open");
type Said = string | number | null | typeof OPEN | readonly (string | number | null)[];

function agrees(column: string | number | null, said: Said | undefined): boolean {
  if (said === OPEN) return true;
  return Array.isArray(said) ? said.includes(column) : column === said;
}

/** From `source` to `wallet`. A refusal is found by its request, or not at all. */
function keysOf(row: CheckedRow): Said[] {
  switch (row.type) {
    case "decision":
      // A row may leave the wallet to its document, which a deep verification looks into.
      return [
        ...[row.source, row.request_id, row.identity, Number(row.answers), row.outcome],
        row.wallet ?? OPEN,
      ];
    case "push":
      return [row.source, null, row.message_sha256, null, null, null];
    case "refusal":
      return [[null, row.source], [null, row.request_id], OPEN, [null, 0], OPEN, OPEN];
    default:
      return [null, null, [null, ""], [null, 0], null, OPEN];
  }
}

interface StoredBody {
  readonly seq: number;
  readonly encoding: number;
  readonly token: Uint8Array | null;
  readonly document: Uint8Array | null;
}

/** Bodies are bulky: a page of them stays small. */
const PAGE = 64;

/** The bodies that are there, against the digests of the rows. */
export class BodyVerifier {
  readonly #bodies: PagedRows<StoredBody>;
  readonly #span: Span;
  readonly #problems: Problems;
  /** Of the whole ledger, in this very snapshot: what is gone behind it was not pruned. */
  readonly #oldest: number;
  checked = 0;
  pruned = 0;

  constructor(database: Connection, span: Span, problems: Problems) {
    this.#span = span;
    this.#problems = problems;
    const oldest = "SELECT seq FROM bodies WHERE document IS NOT NULL ORDER BY seq LIMIT 1";
    const [found] = database.prepare(oldest).raw(true).all().flat();
    this.#oldest = found === undefined ? Number.MAX_SAFE_INTEGER : integer(found);
    this.#bodies = new PagedRows(
      database,
      { ...span.derived, select: "seq, encoding, token, document FROM bodies", key: "seq", size: PAGE },
      ([seq, encoding, token, document]: Columns) => ({
        seq: integer(seq),
        encoding: integer(encoding),
        token: orNull(token, blob),
        document: orNull(document, blob),
      }),
    );
  }

  /** @returns the body's document, where it is there and as it should be. */
  verify(seq: number, row: CheckedRow | undefined): Uint8Array | undefined {
    this.#skipStray(seq);
    const body = this.#bodies.next?.seq === seq ? this.#bodies.take() : undefined;
    if (row === undefined) return undefined;
    const token = "token_sha256" in row ? row.token_sha256 : undefined;
    const document = "input_sha256" in row ? row.input_sha256 : undefined;
    // A push that nobody could read has its message alone.
    const isKept = document !== undefined || row.type === "push";
    if (body === undefined) {
      if (!isKept) return undefined;
      this.pruned += 1;
      // Pruning goes from the oldest on.
      if (seq > this.#oldest) this.#problems.add(seq, "its body is gone, while an older one is there");
      return undefined;
    }
    if (isKept) this.checked += 1;
    try {
      const { encoding } = body;
      const signed = body.token === null ? undefined : tokenDigest(encoding, body.token);
      this.#compare(seq, "token", signed, token);
      const bytes = body.document === null ? undefined : decodeDocument(encoding, body.document);
      const seen = bytes === undefined ? undefined : hash("sha256", bytes, "hex");
      return this.#compare(seq, "document", seen, document) ? bytes : undefined;
    } catch (error) {
      this.#problems.add(seq, messageOf(error));
      return undefined;
    }
  }

  /** Bodies behind the last entry. */
  end(): void {
    this.#skipStray(Number.MAX_SAFE_INTEGER);
  }

  #skipStray(seq: number): void {
    while ((this.#bodies.next?.seq ?? seq) < seq) {
      const stray = this.#bodies.take()?.seq ?? 0;
      if (!this.#span.isLater(stray)) this.#problems.add(stray, "a body is there without its entry");
    }
  }

  #compare(seq: number, name: string, stored: string | undefined, digest: string | undefined): boolean {
    if (stored === undefined) {
      if (digest !== undefined)
        this.#problems.add(seq, `its ${name} is gone, while the rest of its body is there`);
      return false;
    }
    if (digest === undefined) this.#problems.add(seq, `a ${name} is there that its row does not know`);
    else if (stored !== digest)
      this.#problems.add(seq, `its ${name} is another than its row has the digest of`);
    else return true;
    return false;
  }
}
