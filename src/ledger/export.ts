/**
 * A ledger as JSON lines, for an auditor who has no SQLite and trusts no code of ours: see docs/ledger.md.
 *
 * The first line is the {@link ExportHead}. Each entry is a line with its row as a string, which is what the chain
 * hashes; a checkpoint is a line of its own behind the entry that it states.
 */
import type { KeyObject } from "node:crypto";
import { decodeBody } from "./body-encoding.ts";
import { GENESIS } from "./chain.ts";
import { blob, hexOf, integer, orNull, PagedRows, text, utf8Of } from "./paged-rows.ts";
import { type Connection, inSnapshot } from "./read-connection.ts";
import { firstSince, lastSeq } from "./seek.ts";

const EXPORT_TYPE = "countersign.ledger/1";

/**
 * @property public_key - the raw Ed25519 key that signs the checkpoints, 32 bytes in hex; absent where there is none.
 * @property after - the number of the entry before the first one of this export; 0 for a whole ledger.
 * @property previous - that entry's hash, hex; zeros before the first.
 */
interface ExportHead {
  readonly type: typeof EXPORT_TYPE;
  readonly public_key?: string;
  readonly after: number;
  readonly previous: string;
}

/**
 * @property since - milliseconds since the epoch: entries of that time and later; absent: from the first on.
 * @property until - entries before that time; absent: to the last.
 */
export interface ExportOptions {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly key: KeyObject | undefined;
  readonly progress?: (done: number, total: number) => void;
}

const PAGE = 64;

/** Entries are written in pieces of about this many characters. */
const PIECE = 256 * 1024;

/**
 * @param write - gets pieces of whole lines, one after the other; it takes each before it returns.
 * @returns how many entries were written.
 */
export function exportLedger(
  database: Connection,
  options: ExportOptions,
  write: (piece: string) => void,
): number {
  return inSnapshot(database, () => {
    const first = options.since === undefined ? 1 : firstSince(database, options.since);
    const end = options.until === undefined ? lastSeq(database) + 1 : firstSince(database, options.until);
    let piece = `${JSON.stringify(headOf(database, first, options.key))}\n`;
    let done = 0;
    for (const line of linesOf(database, first, end)) {
      piece += `${line.text}\n`;
      done = line.done;
      if (piece.length < PIECE) continue;
      write(piece);
      piece = "";
      options.progress?.(done, end - first);
    }
    write(piece);
    options.progress?.(done, done);
    return done;
  });
}

function headOf(database: Connection, first: number, key: KeyObject | undefined): ExportHead {
  const before = database
    .prepare("SELECT hash FROM entries WHERE seq = ?")
    .raw(true)
    .get(first - 1);
  const x = key?.export({ format: "jwk" }).x;
  return {
    type: EXPORT_TYPE,
    ...(x === undefined ? {} : { public_key: Buffer.from(x, "base64url").toString("hex") }),
    after: first - 1,
    previous: Array.isArray(before) ? hexOf(blob(before[0])) : GENESIS.toString("hex"),
  };
}

function* linesOf(
  database: Connection,
  first: number,
  end: number,
): Generator<{ readonly text: string; readonly done: number }> {
  const entries = new PagedRows(
    database,
    {
      select: `seq, hash, row, encoding, token, document FROM
        (SELECT entries.seq, hash, row, encoding, token, document FROM entries LEFT JOIN bodies USING (seq))`,
      key: "seq",
      after: first - 1,
      size: PAGE,
    },
    ([seq, hash, row, encoding, token, document]) => ({
      seq: integer(seq),
      hash: hexOf(blob(hash)),
      row: text(row),
      body:
        encoding === null ? {} : decodeBody(integer(encoding), orNull(token, blob), orNull(document, blob)),
    }),
  );
  const checkpoints = new PagedRows(
    database,
    { select: "seq, statement FROM checkpoints", key: "seq", after: first - 1, size: PAGE },
    ([seq, statement]) => ({ seq: integer(seq), checkpoint: text(statement) }),
  );
  let done = 0;
  for (let entry = entries.take(); entry !== undefined && entry.seq < end; entry = entries.take()) {
    const { seq, hash, row, body } = entry;
    done += 1;
    const { token, document } = body;
    yield { text: JSON.stringify({ seq, hash, row, token: utf8(token), document: utf8(document) }), done };
    while (checkpoints.next !== undefined && checkpoints.next.seq <= seq) {
      yield { text: JSON.stringify({ checkpoint: checkpoints.take()?.checkpoint }), done };
    }
  }
}

function utf8(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : utf8Of(bytes);
}
