/**
 * The values of EIP-712 data, read by their types and hashed on the way, so that nothing is hashed that was not read
 * and nothing is read that is not hashed.
 */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { isJsonObject, JsonNumber, type JsonValue } from "../../input/strict-json.ts";
import { Undecodable } from "../undecodable.ts";
import { encodeType, type MemberType, type StructType, type StructTypes } from "./typed-data-types.ts";

const MAX_VALUES = 10_000;
const MAX_DEPTH = 32;
/** Blocks of Keccak-256, of 136 bytes each, over all hashes of a text: 5 µs apiece. */
const MAX_BLOCKS = 4096;
const BLOCK = 136;

/**
 * A decoded value: an integer, a truth value, text, bytes or an address in lower-case hex, a list, or a struct. Structs
 * inherit nothing, so that a member may have any name.
 */
export type TypedValue = bigint | boolean | string | readonly TypedValue[] | TypedStruct;

export interface TypedStruct {
  readonly [member: string]: TypedValue;
}

/**
 * @property type - EIP-712's `encodeType` of it.
 * @property hash - 32 bytes.
 */
export interface HashedStruct {
  readonly type: string;
  readonly value: TypedStruct;
  readonly hash: Uint8Array;
}

interface HashedType {
  readonly text: string;
  readonly hash: Uint8Array;
}

const WORD = 32;
const DECIMAL = /^(?:0|-?[1-9][0-9]{0,77})$/;
const HEX_NUMBER = /^0x[0-9a-fA-F]{1,64}$/;
const HEX_BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

function fail(what: string): never {
  throw new Undecodable(what);
}

/** An integer: a JSON integer of any size, or text in decimal or hex. `2.0`, `1e3`, `-0`, `01` and `0x` are none. */
function readInteger(value: JsonValue, where: string): bigint {
  if (typeof value === "number") return BigInt(value);
  const text = value instanceof JsonNumber ? value.text : value;
  if (typeof text !== "string") return fail(`${where} is no integer`);
  const isHex = typeof value === "string" && HEX_NUMBER.test(value);
  return isHex || DECIMAL.test(text) ? BigInt(text) : fail(`${where} is no integer`);
}

function readHex(value: JsonValue, pattern: RegExp, what: string, where: string): string {
  if (typeof value !== "string" || !pattern.test(value)) return fail(`${where} is no ${what}`);
  return value.toLowerCase();
}

/** Reads and hashes the structs of one text; its limits hold for all of them together. */
export class StructReader {
  readonly #types: StructTypes;
  readonly #hashedTypes = new Map<string, HashedType>();
  #values = 0;
  #blocks = 0;

  constructor(types: StructTypes) {
    this.#types = types;
  }

  /**
   * EIP-712's `hashStruct`.
   *
   * @param where - for messages: where the value stands.
   * @throws Undecodable for a value that doesn't fit its type, a member missing or too much, more than 10,000 values or
   *   4096 blocks to hash, and values more than 32 deep.
   */
  read(struct: StructType, value: JsonValue | undefined, where: string): HashedStruct {
    return this.#struct(struct, value, where, 0);
  }

  #struct(struct: StructType, value: JsonValue | undefined, where: string, depth: number): HashedStruct {
    if (!isJsonObject(value)) return fail(`${where} is no object`);
    const words = new Uint8Array(WORD * (1 + struct.members.length));
    const type = this.#hashedType(struct);
    words.set(type.hash);
    const decoded: Record<string, TypedValue> = Object.create(null);
    for (const [index, member] of struct.members.entries()) {
      const word = words.subarray(WORD * (index + 1), WORD * (index + 2));
      const { name } = member;
      const own = Object.hasOwn(value, name) ? value[name] : undefined;
      decoded[name] = this.#value(member.type, own, word, `${where}.${name}`, depth + 1);
    }
    const excess = Object.keys(value).find((name) => !(name in decoded));
    if (excess !== undefined) return fail(`${where}.${excess} is not in the type ${struct.name}`);
    return { type: type.text, value: decoded, hash: this.#hash(words) };
  }

  #hashedType(struct: StructType): HashedType {
    const known = this.#hashedTypes.get(struct.name);
    if (known !== undefined) return known;
    const text = encodeType(this.#types, struct);
    const hashed = { text, hash: this.#hash(Buffer.from(text)) };
    this.#hashedTypes.set(struct.name, hashed);
    return hashed;
  }

  /** Reads a value and writes what stands for it into `word`, which is zero before. */
  #value(
    type: MemberType,
    value: JsonValue | undefined,
    word: Uint8Array,
    where: string,
    depth: number,
  ): TypedValue {
    if (value === undefined) return fail(`${where} is missing`);
    this.#values += 1;
    if (this.#values > MAX_VALUES) return fail(`more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) return fail(`values more than ${MAX_DEPTH} deep`);
    switch (type.kind) {
      case "struct": {
        const struct = this.#types.get(type.name) ?? fail(`the type ${type.name} is not known`);
        const read = this.#struct(struct, value, where, depth);
        word.set(read.hash);
        return read.value;
      }
      case "array":
        return this.#array(type.element, type.length, value, word, where, depth);
      case "string":
        if (typeof value !== "string" || !value.isWellFormed()) return fail(`${where} is no text`);
        word.set(this.#hash(Buffer.from(value)));
        return value;
      case "bytes": {
        const hex = readHex(value, HEX_BYTES, "bytes in hex", where);
        word.set(this.#hash(bytesOf(hex)));
        return hex;
      }
      default:
        return atom(type, value, word, where);
    }
  }

  #array(
    element: MemberType,
    length: number | undefined,
    value: JsonValue,
    word: Uint8Array,
    where: string,
    depth: number,
  ): readonly TypedValue[] {
    if (!Array.isArray(value)) return fail(`${where} is no list`);
    if (length !== undefined && value.length !== length) return fail(`${where} has not ${length} elements`);
    if (value.length > MAX_VALUES) return fail(`more than ${MAX_VALUES} values`);
    const words = new Uint8Array(WORD * value.length);
    const decoded = value.map((item, index) =>
      this.#value(
        element,
        item,
        words.subarray(WORD * index, WORD * (index + 1)),
        `${where}.${index}`,
        depth + 1,
      ),
    );
    word.set(this.#hash(words));
    return decoded;
  }

  #hash(bytes: Uint8Array): Uint8Array {
    this.#blocks += 1 + Math.floor(bytes.length / BLOCK);
    return this.#blocks > MAX_BLOCKS ? fail(`more than ${MAX_BLOCKS} blocks to hash`) : keccak_256(bytes);
  }
}

type Atom = Exclude<MemberType, { kind: "struct" | "array" | "string" | "bytes" }>;

/** A value that is its own word: numbers and addresses to the right, bytes to the left. */
function atom(type: Atom, value: JsonValue, word: Uint8Array, where: string): TypedValue {
  switch (type.kind) {
    case "uint":
    case "int": {
      const integer = readInteger(value, where);
      const fits =
        type.kind === "int" ? BigInt.asIntN(type.bits, integer) : BigInt.asUintN(type.bits, integer);
      if (fits !== integer) return fail(`${where} is no ${type.kind}${type.bits}`);
      word.set(
        Buffer.from(
          BigInt.asUintN(256, integer)
            .toString(16)
            .padStart(2 * WORD, "0"),
          "hex",
        ),
      );
      return integer;
    }
    case "bool":
      if (typeof value !== "boolean") return fail(`${where} is neither true nor false`);
      word[WORD - 1] = value ? 1 : 0;
      return value;
    case "address": {
      const address = readHex(value, ADDRESS, "address", where);
      word.set(bytesOf(address), 12);
      return address;
    }
    case "fixedBytes": {
      const hex = readHex(value, HEX_BYTES, "bytes in hex", where);
      if (hex.length !== 2 + 2 * type.size) return fail(`${where} has not ${type.size} bytes`);
      word.set(bytesOf(hex));
      return hex;
    }
  }
}

/** A decoded value as text: integers in decimal, lists and structs as JSON. */
export function textOf(value: TypedValue): string {
  if (typeof value === "string") return value;
  return typeof value === "object" ? jsonOf(value) : value.toString();
}

function jsonOf(value: TypedValue): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item));
}

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.slice(2), "hex");
}
