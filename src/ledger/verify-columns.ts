/** An entry's row against its own columns and its body. */
import { hash } from "node:crypto";
import { z } from "zod";
import { type BodyBytes, decodeBody } from "./body-encoding.ts";
import { type ChainedEntry, type CheckedRow, ENTRY_COLUMNS } from "./chained-entry.ts";
import { blob, type Columns, integer, orNull, PagedRows } from "./paged-rows.ts";
import type { Problems } from "./problems.ts";
import type { Connection } from "./read-connection.ts";

const columnsSchema = z.array(z.union([z.string(), z.number(), z.null()]));

/** What the columns of an entry must be by its row. */
export function verifyColumns(entry: ChainedEntry, row: CheckedRow, problems: Problems): void {
  const said = [row.type, row.id, row.at, ...keysOf(row)];
  const differs: string[] = [];
  if (entry.columns !== JSON.stringify(said)) {
    columnsSchema.parse(JSON.parse(entry.columns)).forEach((column, at) => {
      if (!agrees(column, said[at])) differs.push(ENTRY_COLUMNS[at] ?? "");
    });
  }
  const transaction = row.type === "decision" ? row.transaction : undefined;
  if ((entry.tx === null) !== (transaction === undefined)) differs.push("tx");
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
  readonly #problems: Problems;
  checked = 0;
  pruned = 0;

  constructor(database: Connection, problems: Problems) {
    this.#problems = problems;
    this.#bodies = new PagedRows(
      database,
      { select: "seq, encoding, token, document FROM bodies", key: "seq", size: PAGE },
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
    const document = row.type === "decision" ? row.input_sha256 : undefined;
    if (body === undefined) {
      if (document === undefined) return undefined;
      this.pruned += 1;
      // Pruning goes from the oldest on: what is gone behind one that is there was not pruned.
      if (this.checked > 0) this.#problems.add(seq, "its body is gone, while an older one is there");
      return undefined;
    }
    if (document !== undefined) this.checked += 1;
    let bytes: BodyBytes;
    try {
      bytes = decodeBody(body.encoding, body.token, body.document);
    } catch (error) {
      this.#problems.add(seq, error instanceof Error ? error.message : "its body cannot be read");
      return undefined;
    }
    this.#compare(seq, "token", bytes.token, token);
    return this.#compare(seq, "document", bytes.document, document) ? bytes.document : undefined;
  }

  /** Bodies behind the last entry. */
  end(): void {
    this.#skipStray(Number.MAX_SAFE_INTEGER);
  }

  #skipStray(seq: number): void {
    while ((this.#bodies.next?.seq ?? seq) < seq) {
      this.#problems.add(this.#bodies.take()?.seq ?? 0, "a body is there without its entry");
    }
  }

  #compare(seq: number, name: string, bytes: Uint8Array | undefined, digest: string | undefined): boolean {
    if (bytes === undefined) {
      if (digest !== undefined)
        this.#problems.add(seq, `its ${name} is gone, while the rest of its body is there`);
      return false;
    }
    if (digest === undefined) this.#problems.add(seq, `a ${name} is there that its row does not know`);
    else if (hash("sha256", bytes, "hex") !== digest) {
      this.#problems.add(seq, `its ${name} is another than its row has the digest of`);
    } else return true;
    return false;
  }
}
