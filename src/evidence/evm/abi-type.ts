/** Signatures of methods as Solidity writes them, and the types in them (Solidity's ABI specification). */
import { Undecodable } from "../undecodable.ts";

/**
 * A type of the ABI.
 *
 * @property text - its canonical name, as selectors are made of.
 * @property dynamic - its values stand behind the others, and an offset in their place.
 * @property size - in bytes, of what stands in its place.
 */
export type AbiType = {
  readonly text: string;
  readonly dynamic: boolean;
  readonly size: number;
} & (
  | { readonly kind: "uint" | "int"; readonly bits: number }
  | { readonly kind: "fixed_bytes"; readonly bytes: number }
  | { readonly kind: "address" | "bool" | "bytes" | "string" }
  | { readonly kind: "array"; readonly of: AbiType; readonly length: number | undefined }
  | { readonly kind: "tuple"; readonly members: readonly Parameter[] }
);

export interface Parameter {
  readonly name?: string;
  readonly type: AbiType;
}

/** @property text - the canonical signature, as `transfer(address,uint256)`. */
export interface Signature {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

const WORD = 32;
/** Tuples and arrays in each other. Real ones have three or four. */
const MAX_NESTING = 8;
/** No calldata within the limits of a transaction is longer. */
const MAX_SIZE = 128 * 1024;

const TOKEN = /\s*([A-Za-z_$][A-Za-z0-9_$]*|[0-9]+|[()[\],])/y;
const NAME = /^[A-Za-z_$]/;
/** What may stand between a type and its name and says nothing of its encoding. */
const MODIFIERS: ReadonlySet<string> = new Set(["memory", "calldata", "storage", "payable"]);

/**
 * @param text - `transfer(address to, uint256 amount)`; `function` before it is allowed, and what follows the
 *   parameters isn't read. Tuples are `(…)` or `tuple(…)`.
 * @throws Undecodable for anything else, and for types that aren't the ABI's.
 */
export function parseSignature(text: string): Signature {
  const reader = new SignatureReader(text);
  const first = reader.name();
  const name = first === "function" ? reader.name() : first;
  const parameters = reader.parameters(0);
  return { text: `${name}(${parameters.map(({ type }) => type.text).join(",")})`, parameters };
}

class SignatureReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  name(): string {
    const token = this.#take();
    if (!NAME.test(token)) throw new Undecodable("a signature has no name where it needs one");
    return token;
  }

  parameters(nesting: number): readonly Parameter[] {
    if (nesting > MAX_NESTING) throw new Undecodable("a signature nests too deep");
    this.#expect("(");
    const parameters: Parameter[] = [];
    if (this.#peek() === ")") {
      this.#take();
      return parameters;
    }
    for (;;) {
      parameters.push(this.#parameter(nesting));
      const token = this.#take();
      if (token === ")") return parameters;
      if (token !== ",") throw new Undecodable("a signature has no comma where it needs one");
    }
  }

  #parameter(nesting: number): Parameter {
    const type = this.#type(nesting);
    while (MODIFIERS.has(this.#peek())) this.#take();
    return NAME.test(this.#peek()) ? { name: this.#take(), type } : { type };
  }

  #type(nesting: number): AbiType {
    const name = this.#peek() === "(" ? "tuple" : this.name();
    let type = name === "tuple" ? tupleOf(this.parameters(nesting + 1)) : elementary(name);
    for (let depth = nesting; this.#peek() === "["; depth++) {
      if (depth > MAX_NESTING) throw new Undecodable("a signature nests too deep");
      this.#take();
      const token = this.#take();
      if (token === "]") type = arrayOf(type, undefined);
      else {
        type = arrayOf(type, Number(token));
        this.#expect("]");
      }
    }
    return type;
  }

  #expect(token: string): void {
    if (this.#take() !== token) throw new Undecodable(`a signature has no "${token}" where it needs one`);
  }

  /** The next token without passing it; empty where there is none. */
  #peek(): string {
    TOKEN.lastIndex = this.#position;
    return TOKEN.exec(this.#text)?.[1] ?? "";
  }

  #take(): string {
    const token = this.#peek();
    if (token === "") throw new Undecodable("a signature ends where it may not");
    this.#position = TOKEN.lastIndex;
    return token;
  }
}

const INTEGER = /^(u?int)([0-9]{1,3})?$/;
const FIXED_BYTES = /^bytes([0-9]{1,2})$/;

function elementary(name: string): AbiType {
  switch (name) {
    case "address":
    case "bool":
      return { kind: name, text: name, dynamic: false, size: WORD };
    case "bytes":
    case "string":
      return { kind: name, text: name, dynamic: true, size: WORD };
  }
  const [, kind, width = "256"] = INTEGER.exec(name) ?? [];
  const bits = Number(width);
  if ((kind === "uint" || kind === "int") && bits % 8 === 0 && bits >= 8 && bits <= 256) {
    return { kind, bits, text: `${kind}${bits}`, dynamic: false, size: WORD };
  }
  const bytes = Number(FIXED_BYTES.exec(name)?.[1]);
  if (bytes >= 1 && bytes <= WORD) {
    return { kind: "fixed_bytes", bytes, text: `bytes${bytes}`, dynamic: false, size: WORD };
  }
  throw new Undecodable("a signature has a type that is not the ABI's");
}

function tupleOf(members: readonly Parameter[]): AbiType {
  // Without members a value would take no bytes, and a list of them could be of any length.
  if (members.length === 0) throw new Undecodable("a tuple without members");
  const dynamic = members.some(({ type }) => type.dynamic);
  const size = dynamic ? WORD : members.reduce((sum, { type }) => sum + type.size, 0);
  return {
    kind: "tuple",
    members,
    text: `(${members.map(({ type }) => type.text).join(",")})`,
    dynamic,
    size,
  };
}

function arrayOf(of: AbiType, length: number | undefined): AbiType {
  if (length === undefined)
    return { kind: "array", of, length, text: `${of.text}[]`, dynamic: true, size: WORD };
  const held = length * of.size;
  if (!(length > 0 && held <= MAX_SIZE)) throw new Undecodable("an array that no calldata could hold");
  return {
    kind: "array",
    of,
    length,
    text: `${of.text}[${length}]`,
    dynamic: of.dynamic,
    size: of.dynamic ? WORD : held,
  };
}
