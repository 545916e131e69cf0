/**
 * A list in memory: a hash table with open addressing over records of bytes, all of it shared memory, so that
 * a thread builds it and this one looks things up in it without a copy.
 *
 * A record is the address's length (16 bits), the length of its cells (16 bits), the address (ASCII), and the
 * cells as a JSON array in the order of the columns, `null` where a cell is empty. A slot is the address's hash and
 * the record's position plus one; 0 is an empty slot. Two addresses of one hash never meet: the stored address
 * is compared.
 */
import { FeedError } from "./feed-error.ts";

export type Cell = string | number | null;

/** What a list says of an address: its filled cells by column. */
export type ListEntry = Readonly<Record<string, string | number>>;

/** A list's table as it travels between threads. */
export interface TableMemory {
  readonly entries: number;
  readonly columns: readonly string[];
  readonly seed: number;
  /** Pairs of hash and position; a power of two of them, at most two thirds filled. */
  readonly slots: Uint32Array;
  /** Pieces of {@link CHUNK_BYTES}; no record lies in two of them. */
  readonly chunks: readonly Uint8Array[];
}

const CHUNK_BITS = 22;
const CHUNK_BYTES = 1 << CHUNK_BITS;
/** Positions have 32 bits, and 0 is taken. */
const MAX_CHUNKS = 1023;
const HEAD_BYTES = 4;
const FIRST_SLOTS = 1024;

/** Longer than any address of any chain. */
export const MAX_ADDRESS = 256;
export const MAX_CELL_BYTES = 65_535;

/** Seeded, so that whoever writes a list cannot make its addresses collide. */
function hashOf(address: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < address.length; at += 1) {
    hash = Math.imul(hash ^ address.charCodeAt(at), 0x01000193);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function lengthAt(chunk: Uint8Array, at: number): number {
  return (chunk[at] ?? 0) | ((chunk[at + 1] ?? 0) << 8);
}

function holds(chunk: Uint8Array, at: number, address: string): boolean {
  if (lengthAt(chunk, at) !== address.length) return false;
  for (let index = 0; index < address.length; index += 1) {
    if (chunk[at + HEAD_BYTES + index] !== address.charCodeAt(index)) return false;
  }
  return true;
}

/** The slot of an address: the one that holds it, or the empty one where it would stand. */
function slotOf(
  { slots, seed }: Pick<TableMemory, "slots" | "seed">,
  chunks: readonly Uint8Array[],
  address: string,
): { slot: number; hash: number; position: number | undefined } {
  const mask = slots.length / 2 - 1;
  const hash = hashOf(address, seed);
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const stored = slots[2 * slot + 1] ?? 0;
    if (stored === 0) return { slot, hash, position: undefined };
    if (slots[2 * slot] !== hash) continue;
    const chunk = chunks[(stored - 1) >>> CHUNK_BITS];
    if (chunk !== undefined && holds(chunk, (stored - 1) & (CHUNK_BYTES - 1), address)) {
      return { slot, hash, position: stored - 1 };
    }
  }
}

/** The cells' text of a record. */
function cellsAt(chunks: readonly Buffer[], position: number): string {
  const chunk = chunks[position >>> CHUNK_BITS];
  if (chunk === undefined) return "";
  const at = position & (CHUNK_BYTES - 1);
  const from = at + HEAD_BYTES + lengthAt(chunk, at);
  return chunk.toString("utf8", from, from + lengthAt(chunk, at + 2));
}

/** Looking up in a finished table. */
export class ListTable {
  readonly #memory: TableMemory;
  readonly #chunks: readonly Buffer[];

  constructor(memory: TableMemory) {
    this.#memory = memory;
    this.#chunks = memory.chunks.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    );
  }

  get entries(): number {
    return this.#memory.entries;
  }

  /**
   * @param address - in the spelling under which it is compared: see `listedAddress`.
   * @returns the filled cells, `{}` where there is none; undefined for an address that is not on the list.
   */
  lookup(address: string): ListEntry | undefined {
    if (address.length > MAX_ADDRESS) return undefined;
    const { position } = slotOf(this.#memory, this.#chunks, address);
    return position === undefined ? undefined : this.#entryAt(position);
  }

  #entryAt(position: number): ListEntry {
    const { columns } = this.#memory;
    const entry: Record<string, string | number> = {};
    if (columns.length === 0) return entry;
    const cells: readonly Cell[] = JSON.parse(cellsAt(this.#chunks, position));
    for (const [index, column] of columns.entries()) {
      const cell = cells[index];
      if (cell !== undefined && cell !== null) entry[column] = cell;
    }
    return entry;
  }
}

/** What came of adding: a `repeated` row is the same once more, a `contradicting` one says something else. */
export type Added = "added" | "repeated" | "contradicting";

/** Builds a table row by row. */
export class ListTableBuilder {
  readonly #columns: readonly string[];
  readonly #seed: number;
  readonly #chunks: Buffer[] = [];
  #slots = emptySlots(FIRST_SLOTS);
  #used = CHUNK_BYTES;
  #entries = 0;

  constructor(columns: readonly string[], seed: number) {
    this.#columns = columns;
    this.#seed = seed;
  }

  /**
   * @param address - printable ASCII, at most {@link MAX_ADDRESS} characters.
   * @param cells - one a column, in their order.
   * @throws {FeedError} for cells of more than {@link MAX_CELL_BYTES}, and for a list of more than 4 GiB.
   */
  add(address: string, cells: readonly Cell[]): Added {
    const text = this.#columns.length === 0 ? "" : JSON.stringify(cells);
    const { slot, hash, position } = slotOf(this.#table(), this.#chunks, address);
    if (position !== undefined) {
      return cellsAt(this.#chunks, position) === text ? "repeated" : "contradicting";
    }
    this.#slots.set([hash, this.#append(address, text) + 1], 2 * slot);
    this.#entries += 1;
    if (this.#entries > this.#slots.length / 3) this.#grow();
    return "added";
  }

  finish(): TableMemory {
    const last = this.#chunks.pop();
    if (last !== undefined) {
      // The last piece is mostly empty, and the only one of a short list.
      const fitting = Buffer.from(new SharedArrayBuffer(this.#used));
      last.copy(fitting, 0, 0, this.#used);
      this.#chunks.push(fitting);
    }
    return { ...this.#table(), entries: this.#entries, columns: this.#columns, chunks: this.#chunks };
  }

  #table(): Pick<TableMemory, "slots" | "seed"> {
    return { slots: this.#slots, seed: this.#seed };
  }

  #append(address: string, text: string): number {
    const cellBytes = Buffer.byteLength(text);
    if (cellBytes > MAX_CELL_BYTES) throw new FeedError("its cells are too long");
    const bytes = HEAD_BYTES + address.length + cellBytes;
    if (this.#used + bytes > CHUNK_BYTES) {
      if (this.#chunks.length === MAX_CHUNKS) throw new FeedError("the list is too long");
      this.#chunks.push(Buffer.from(new SharedArrayBuffer(CHUNK_BYTES)));
      this.#used = 0;
    }
    const index = this.#chunks.length - 1;
    const chunk = this.#chunks[index];
    const at = this.#used;
    chunk?.writeUInt16LE(address.length, at);
    chunk?.writeUInt16LE(cellBytes, at + 2);
    chunk?.write(address, at + HEAD_BYTES, "latin1");
    chunk?.write(text, at + HEAD_BYTES + address.length, "utf8");
    this.#used += bytes;
    return index * CHUNK_BYTES + at;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = emptySlots(before.length);
    const mask = this.#slots.length / 2 - 1;
    for (let index = 0; index < before.length; index += 2) {
      const [hash = 0, stored = 0] = before.subarray(index, index + 2);
      if (stored === 0) continue;
      let slot = hash & mask;
      while (this.#slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
      this.#slots.set([hash, stored], 2 * slot);
    }
  }
}

function emptySlots(count: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(count * 2 * Uint32Array.BYTES_PER_ELEMENT));
}
