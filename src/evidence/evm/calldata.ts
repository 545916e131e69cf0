/**
 * Calldata, read strictly: values have one encoding, the one that Solidity and every library write. Contracts accept
 * others (offsets anywhere, dirty padding, bytes behind), and so show a careless reader something else than they do.
 */
import { Undecodable } from "../undecodable.ts";
import type { AbiType, Parameter } from "./abi-type.ts";
import type { Hex } from "./call.ts";

/** An integer, a truth value, an address or bytes as lower-case hex, text, or the values of an array or tuple. */
export type AbiValue = bigint | boolean | string | readonly AbiValue[];

/** `0x` and the selector. */
const SELECTOR_DIGITS = 10;
const WORD_DIGITS = 64;
const ZEROS = "0".repeat(WORD_DIGITS);
/** Sizes and offsets fit in 4 bytes. */
const SIZE_DIGITS = 8;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The selector of a call: its first four bytes. Absent where it has fewer. */
export function selectorOf(data: Hex): Hex | undefined {
  return data.length < SELECTOR_DIGITS ? undefined : `0x${data.slice(2, SELECTOR_DIGITS)}`;
}

/**
 * The arguments of a call.
 *
 * @param data - with the selector.
 * @throws Undecodable where they would not encode to these very bytes.
 */
export function decodeArguments(parameters: readonly Parameter[], data: Hex): readonly AbiValue[] {
  const reader = new WordReader(data);
  const values = reader.sequence(parameters.length, (index) => parameters[index]?.type, SELECTOR_DIGITS);
  if (reader.end !== data.length) throw new Undecodable("bytes after the arguments");
  return values;
}

/** A value as an effect shows it: arrays and tuples as JSON, with integers as text. */
export function textOfValue(value: AbiValue): string {
  if (typeof value === "object") {
    return JSON.stringify(value, (_, member: unknown) =>
      typeof member === "bigint" ? member.toString() : member,
    );
  }
  return value.toString();
}

/** Positions are in hex digits. */
class WordReader {
  readonly #text: string;
  /** Where what was read last ends, with all that stands behind it. */
  end = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Values one after the other, what is dynamic behind them in the same order, without gaps. */
  sequence(
    count: number,
    typeAt: (index: number) => AbiType | undefined,
    start: number,
  ): readonly AbiValue[] {
    let head = start;
    let tail = start;
    for (let index = 0; index < count; index++) tail += 2 * (typeAt(index)?.size ?? 0);
    if (tail > this.#text.length) throw new Undecodable("the arguments are cut off");
    const values: AbiValue[] = [];
    for (let index = 0; index < count; index++) {
      const type = typeAt(index);
      if (type === undefined) break;
      if (type.dynamic) {
        if (2 * this.#size(head) !== tail - start)
          throw new Undecodable("an offset that encoders don't write");
        values.push(this.#dynamic(type, tail));
        tail = this.end;
      } else {
        values.push(this.#static(type, head));
      }
      head += 2 * type.size;
    }
    this.end = tail;
    return values;
  }

  #dynamic(type: AbiType, at: number): AbiValue {
    switch (type.kind) {
      case "bytes":
        return `0x${this.#bytes(at)}`;
      case "string":
        return textOf(this.#bytes(at));
      case "tuple":
        return this.sequence(type.members.length, (index) => type.members[index]?.type, at);
      case "array":
        if (type.length !== undefined) return this.sequence(type.length, () => type.of, at);
        return this.#list(type.of, at);
      default:
        throw new Undecodable("a type that isn't dynamic");
    }
  }

  #list(of: AbiType, at: number): AbiValue {
    const count = this.#size(at);
    // Before it is counted through: a length may say anything.
    if (2 * count * of.size > this.#text.length) throw new Undecodable("the arguments are cut off");
    return this.sequence(count, () => of, at + WORD_DIGITS);
  }

  #static(type: AbiType, at: number): AbiValue {
    switch (type.kind) {
      case "tuple":
        return this.sequence(type.members.length, (index) => type.members[index]?.type, at);
      case "array":
        return this.sequence(type.length ?? 0, () => type.of, at);
      case "uint":
        return this.#uint(type.bits, at);
      case "int":
        return this.#int(type.bits, at);
      case "address":
        this.#zeros(at, 24);
        return `0x${this.#text.slice(at + 24, at + WORD_DIGITS)}`;
      case "bool":
        return this.#uint(1, at) === 1n;
      case "fixed_bytes":
        this.#zeros(at + 2 * type.bytes, WORD_DIGITS - 2 * type.bytes);
        return `0x${this.#text.slice(at, at + 2 * type.bytes)}`;
      default:
        throw new Undecodable("a type that isn't static");
    }
  }

  #word(at: number): bigint {
    if (at + WORD_DIGITS > this.#text.length) throw new Undecodable("the arguments are cut off");
    return BigInt(`0x${this.#text.slice(at, at + WORD_DIGITS)}`);
  }

  #uint(bits: number, at: number): bigint {
    const value = this.#word(at);
    if (bits < 256 && value >> BigInt(bits) !== 0n) throw new Undecodable(`an integer over ${bits} bits`);
    return value;
  }

  #int(bits: number, at: number): bigint {
    const value = BigInt.asIntN(256, this.#word(at));
    if (BigInt.asIntN(bits, value) !== value) throw new Undecodable(`an integer over ${bits} bits`);
    return value;
  }

  /** An offset or a length. */
  #size(at: number): number {
    this.#zeros(at, WORD_DIGITS - SIZE_DIGITS);
    const digits = this.#text.slice(at + WORD_DIGITS - SIZE_DIGITS, at + WORD_DIGITS);
    if (digits.length !== SIZE_DIGITS) throw new Undecodable("the arguments are cut off");
    return Number.parseInt(digits, 16);
  }

  #bytes(at: number): string {
    const start = at + WORD_DIGITS;
    const end = start + 2 * this.#size(at);
    const padded = start + Math.ceil((end - start) / WORD_DIGITS) * WORD_DIGITS;
    if (padded > this.#text.length) throw new Undecodable("the arguments are cut off");
    this.#zeros(end, padded - end);
    this.end = padded;
    return this.#text.slice(start, end);
  }

  #zeros(at: number, count: number): void {
    if (!this.#text.startsWith(count === WORD_DIGITS ? ZEROS : ZEROS.slice(0, count), at)) {
      throw new Undecodable("padding that is not zero");
    }
  }
}

function textOf(digits: string): string {
  try {
    return utf8.decode(Buffer.from(digits, "hex"));
  } catch {
    throw new Undecodable("a text that is not UTF-8");
  }
}
