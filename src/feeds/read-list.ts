/**
 * Lists of addresses as CSV (RFC 4180): a header with the column `address`, a row an address.
 *
 * A row that cannot be read refuses the whole file with its line: a list that is shorter than its author meant
 * is worse than the old one. So nothing is trimmed, guessed or skipped but blank lines; a byte order mark and
 * CRLF are taken, a row that stands twice is harmless, and one address with two meanings is not.
 */
import { createHash, type Hash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { z } from "zod";
import { listedAddress } from "../input/address.ts";
import { FeedError } from "./feed-error.ts";
import { type Cell, ListTableBuilder, MAX_ADDRESS, MAX_CELL_BYTES, type TableMemory } from "./list-table.ts";

export const MAX_LIST_BYTES = 256 * 1024 * 1024;
const MAX_LINE_CHARACTERS = 2 * MAX_CELL_BYTES;
const MAX_COLUMNS = 64;
const LF = 0x0a;

const COLUMN = /^[a-z][a-z0-9_]{0,63}$/;
/** No address begins like a comment, and none has a space, an accent or an invisible character in it. */
const ADDRESS = new RegExp(`^[A-Za-z0-9-][!-~]{0,${MAX_ADDRESS - 1}}$`);
/** Most of most lists: what it takes needs no other look. */
const EVM = /^0x[0-9a-fA-F]{40}$/;
/** EVM addresses as they look when they were damaged on the way: without `0x`, with `0X`, too short or too long. */
const DAMAGED_EVM = /^(?:[0-9a-fA-F]{40}|0X[0-9a-fA-F]+|0x(?:[0-9a-fA-F]{36,39}|[0-9a-fA-F]{41,44}))$/;
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** RFC 3339 with an offset, or a day, which begins at midnight UTC. */
const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** The header, understood. */
interface Columns {
  /** Where the address stands. */
  readonly address: number;
  /** The others, in their order. */
  readonly names: readonly string[];
}

/** @property sha256 - of the very bytes that the table was made of, hex. */
export interface ReadList {
  readonly memory: TableMemory;
  readonly sha256: string;
}

/**
 * Reads a list.
 *
 * @throws {FeedError} for a file that is no such list, with the line where it goes wrong; a system's error for
 *   one that cannot be read.
 */
export async function readList(path: string): Promise<ReadList> {
  const found = await stat(path);
  if (!found.isFile()) throw new FeedError("it is no file");
  if (found.size > MAX_LIST_BYTES) throw new FeedError(`it is larger than ${MAX_LIST_BYTES} bytes`);
  const rows = new RowReader();
  const digest = createHash("sha256");
  const parser = parse({
    bom: true,
    // A lone CR is no line end: it is found inside a cell, and refused there.
    record_delimiter: ["\r\n", "\n"],
    skip_empty_lines: true,
    max_record_size: MAX_LINE_CHARACTERS,
    on_record: (row: string[], { lines }) => {
      rows.take(row, lines);
      return null;
    },
  });
  try {
    await pipeline(createReadStream(path), (bytes) => checkedBytes(bytes, digest), parser, exhaust);
  } catch (error) {
    throw error instanceof CsvError ? new FeedError(csvProblem(error)) : error;
  }
  return { memory: rows.finish(), sha256: digest.digest("hex") };
}

/** UTF-8 to the end, and a line end at the end: a file without one may have been cut. */
async function* checkedBytes(bytes: AsyncIterable<Uint8Array>, digest: Hash): AsyncGenerator<Uint8Array> {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  let last: number | undefined;
  let total = 0;
  try {
    for await (const chunk of bytes) {
      total += chunk.length;
      if (total > MAX_LIST_BYTES) throw new FeedError(`it is larger than ${MAX_LIST_BYTES} bytes`);
      utf8.decode(chunk, { stream: true });
      digest.update(chunk);
      last = chunk.at(-1) ?? last;
      yield chunk;
    }
    utf8.decode();
  } catch (error) {
    throw error instanceof TypeError ? new FeedError("it is not UTF-8") : error;
  }
  if (last !== undefined && last !== LF) {
    throw new FeedError("its last line has no line end: it may have been cut short");
  }
}

async function exhaust(records: AsyncIterable<unknown>): Promise<void> {
  for await (const _record of records);
}

class RowReader {
  #columns: Columns | undefined;
  #builder: ListTableBuilder | undefined;

  /** @param line - the line on which the row ends, from 1. */
  take(row: readonly string[], line: number): void {
    try {
      if (this.#columns === undefined || this.#builder === undefined) this.#begin(row);
      else this.#add(this.#columns, this.#builder, row);
    } catch (error) {
      throw error instanceof FeedError ? new FeedError(`line ${line}: ${error.message}`) : error;
    }
  }

  finish(): TableMemory {
    if (this.#builder === undefined) throw new FeedError("it has no header");
    return this.#builder.finish();
  }

  #begin(header: readonly string[]): void {
    this.#columns = columnsOf(header);
    this.#builder = new ListTableBuilder(this.#columns.names, randomBytes(4).readUInt32LE());
  }

  #add({ address, names }: Columns, builder: ListTableBuilder, row: readonly string[]): void {
    const canonical = addressOf(row[address] ?? "");
    const cells = row
      .filter((_cell, index) => index !== address)
      .map((text, index) => cellOf(names[index] ?? "", text));
    if (builder.add(canonical, cells) === "contradicting") {
      throw new FeedError("its address stands on an earlier line, with other cells");
    }
  }
}

function columnsOf(header: readonly string[]): Columns {
  if (header.length > MAX_COLUMNS) throw new FeedError(`more than ${MAX_COLUMNS} columns`);
  if (!header.includes("address")) throw new FeedError("no column is named address");
  for (const [index, name] of header.entries()) {
    if (!COLUMN.test(name)) {
      throw new FeedError(
        `column ${index + 1} is not named in lower-case letters, digits and underscores, a letter first`,
      );
    }
    if (header.indexOf(name) < index) throw new FeedError(`two columns are named ${name}`);
  }
  return { address: header.indexOf("address"), names: header.filter((name) => name !== "address") };
}

function addressOf(text: string): string {
  if (EVM.test(text)) return listedAddress(text);
  if (text === "") throw new FeedError("its address is empty");
  if (text.length > MAX_ADDRESS) throw new FeedError(`its address is longer than ${MAX_ADDRESS} characters`);
  if (!ADDRESS.test(text)) {
    throw new FeedError("its address has white space around or in it, or a character that no address has");
  }
  if (DAMAGED_EVM.test(text)) throw new FeedError("its address is not 0x and 40 hex digits, but almost");
  return listedAddress(text);
}

/** A cell as it stands; an empty one says nothing. */
function cellOf(column: string, text: string): Cell {
  if (text === "") return null;
  if (text.trim() !== text) throw new FeedError(`white space around the value of ${column}`);
  if (INVISIBLE.test(text)) throw new FeedError(`a control character or line break in ${column}`);
  return column.endsWith("_at") ? momentOf(column, text) : text;
}

function momentOf(column: string, text: string): number {
  const ms = moment.safeParse(text).success ? Date.parse(text) : Number.NaN;
  if (ms >= 0) return ms;
  throw new FeedError(
    `${column} is no date (2026-01-31), and no RFC 3339 time with its offset, from 1970 on`,
  );
}

/** Ours for theirs, which quote what stands in the file. */
const CSV_PROBLEMS: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: "it has more or fewer cells than the header",
  CSV_INVALID_CLOSING_QUOTE: "text after a closing quote",
  INVALID_OPENING_QUOTE: "a quote inside a cell that does not begin with one",
  CSV_QUOTE_NOT_CLOSED: "a quote that is not closed",
  CSV_MAX_RECORD_SIZE: "it is too long; perhaps a quote before it is not closed",
};

function csvProblem(error: CsvError): string {
  const line: unknown = Reflect.get(error, "lines");
  const problem = CSV_PROBLEMS[error.code] ?? `not CSV (${error.code})`;
  return typeof line === "number" ? `line ${line}: ${problem}` : problem;
}
