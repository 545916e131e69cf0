/**
 * RLP, read strictly: each value has one encoding, and any other is refused. What is read is said by the reader, not by
 * the bytes: nothing is opened that isn't expected, so that neither depth nor size of what is built comes from outside.
 */
import { Undecodable } from "../undecodable.ts";
import type { Hex } from "./call.ts";

/** Up to here a byte is itself; then come short strings, long ones, short lists, long ones. */
const SHORT_STRING = 0x80;
const LONG_STRING = 0xb7;
const SHORT_LIST = 0xc0;
const LONG_LIST = 0xf7;
/** What is longer than that has a length of its own. */
const SHORT = 55;

/** Bytes in lower-case hex. */
export function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`;
}

/** The items of one list, read one after the other. */
export class RlpFields {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  #position: number;
  readonly #end: number;

  private constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#position = start;
    this.#end = end;
  }

  /**
   * The list that the bytes are.
   *
   * @throws Undecodable for anything else, and for bytes after it.
   */
  static of(bytes: Uint8Array): RlpFields {
    const whole = new RlpFields(bytes, 0, bytes.length);
    const fields = whole.list("the transaction");
    if (!whole.done) throw new Undecodable("bytes after the transaction");
    return fields;
  }

  /** What was read up to now, prefixes of the items included. */
  get read(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#position);
  }

  /** Whether no item is left. */
  get done(): boolean {
    return this.#position === this.#end;
  }

  /** @throws Undecodable where an item is left. */
  finish(what: string): void {
    if (!this.done) throw new Undecodable(`${what} has more items than unsigned ones have`);
  }

  /** The items of the next one, a list. */
  list(name: string): RlpFields {
    const { isList, start, end } = this.#next(name);
    if (!isList) throw new Undecodable(`${name} is not a list`);
    return new RlpFields(this.#bytes, start, end);
  }

  /** The next item, a string of bytes. */
  bytes(name: string): Uint8Array {
    const { isList, start, end } = this.#next(name);
    if (isList) throw new Undecodable(`${name} is a list`);
    return this.#bytes.subarray(start, end);
  }

  /** @param size - in bytes. */
  fixed(name: string, size: number): Hex {
    const bytes = this.bytes(name);
    if (bytes.length !== size) throw new Undecodable(`${name} is not ${size} bytes`);
    return hexOf(bytes);
  }

  /** An integer of at most `size` bytes, without leading zeros. */
  integer(name: string, size: 1 | 8 | 32): bigint {
    const bytes = this.bytes(name);
    if (bytes.length > size) throw new Undecodable(`${name} is over ${size * 8} bits`);
    if (bytes.length === 0) return 0n;
    if (bytes[0] === 0) throw new Undecodable(`${name} has leading zeros`);
    return BigInt(hexOf(bytes));
  }

  #byte(position: number, name: string): number {
    const byte = position < this.#end ? this.#bytes[position] : undefined;
    if (byte === undefined) throw new Undecodable(`${name} is missing`);
    return byte;
  }

  #next(name: string): { readonly isList: boolean; readonly start: number; readonly end: number } {
    const at = this.#position;
    const first = this.#byte(at, name);
    const isList = first >= SHORT_LIST;
    let start = at + 1;
    let length: number;
    if (first < SHORT_STRING) {
      start = at;
      length = 1;
    } else if (first > LONG_LIST || (first > LONG_STRING && !isList)) {
      const lengthSize = first - (isList ? LONG_LIST : LONG_STRING);
      start += lengthSize;
      length = this.#length(at + 1, lengthSize, name);
    } else {
      length = first - (isList ? SHORT_LIST : SHORT_STRING);
      if (!isList && length === 1 && this.#byte(start, name) < SHORT_STRING) {
        throw new Undecodable(`${name} has a prefix it needs not`);
      }
    }
    if (length > this.#end - start) throw new Undecodable(`${name} is cut off`);
    this.#position = start + length;
    return { isList, start, end: this.#position };
  }

  #length(at: number, size: number, name: string): number {
    // Four bytes say more than any transaction has.
    if (size > 4) throw new Undecodable(`${name} is cut off`);
    let length = 0;
    for (let position = at; position < at + size; position++) {
      length = length * 256 + this.#byte(position, name);
    }
    if (length <= SHORT || this.#byte(at, name) === 0) {
      throw new Undecodable(`${name} states its length in a longer form than it needs`);
    }
    return length;
  }
}
