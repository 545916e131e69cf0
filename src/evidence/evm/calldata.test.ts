import { AbiCoder, id, ParamType } from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lowered, PAYEE, refusal } from "../../../test/support/evm.ts";
import { Undecodable } from "../undecodable.ts";
import { parseSignature } from "./abi-type.ts";
import type { Hex } from "./call.ts";
import { type AbiValue, decodeArguments, selectorOf, textOfValue } from "./calldata.ts";
import { READINGS, selectorOfSignature, signatureOf, statedSignature } from "./methods.ts";

const SELECTOR = "0x12345678";
const coder = AbiCoder.defaultAbiCoder();

function word(number: bigint | number): string {
  return number.toString(16).padStart(64, "0");
}

/** Decodes words as arguments of the given types. */
function decoded(types: string, ...words: readonly string[]): readonly AbiValue[] {
  return decodeArguments(parseSignature(`f(${types})`).parameters, `${SELECTOR}${words.join("")}`);
}

function refused(run: () => unknown): boolean {
  return refusal(run) !== undefined;
}

describe("signatures", () => {
  it.each([
    "",
    "f",
    "f(",
    "f(uint256",
    "f(uint256,",
    "f(uint256,)",
    "f(,uint256)",
    "f(uint256 a b)",
    "(uint256)",
    "f(uint7)",
    "f(uint264)",
    "f(uint0)",
    "f(bytes0)",
    "f(bytes33)",
    "f(fixed128x18)",
    "f(mapping)",
    "f(IERC20 token)",
    "f(())",
    "f(()[])",
    "f(uint256[0])",
    "f(uint256[99999999])",
    "f(uint256[1000][1000])",
    "f(uint256[-1])",
    "f(uint256[1)",
    "f(uint256[a])",
    "f(uint256]",
    `f(${"(".repeat(9)}uint256${")".repeat(9)})`,
    `f(uint256${"[]".repeat(10)})`,
    "f(uint256;)",
    "f(uint256\u00a0é)",
  ])("refuses %j", (text) => {
    expect(refused(() => parseSignature(text))).toBe(true);
  });

  it.each([
    ["f()", "f()"],
    ["function f(uint a, int b) external returns (bool)", "f(uint256,int256)"],
    ["transfer(address to,uint256 amount)", "transfer(address,uint256)"],
    ["f(address payable to, bytes calldata data, string memory s)", "f(address,bytes,string)"],
    ["f((uint8 a,(bytes b)[2] c)[] d)", "f((uint8,(bytes)[2])[])"],
    ["f(tuple(uint8 a, bool b)[3] c)", "f((uint8,bool)[3])"],
    ["  f ( uint256 [ ] [ 2 ] x ) ", "f(uint256[][2])"],
  ])("reads %j", (text, canonical) => {
    expect(parseSignature(text).text).toBe(canonical);
  });

  it("keeps the names", () => {
    const { parameters } = parseSignature("f(address to, uint256, bytes calldata data)");
    expect(parameters.map(({ name }) => name)).toEqual(["to", undefined, "data"]);
  });

  it("of the host are those of their selectors, each once", () => {
    const selectors = READINGS.map(([selector]) => selector);
    expect(new Set(selectors).size).toBe(selectors.length);
    for (const [selector, reading] of READINGS) {
      const signature = signatureOf(reading);
      expect([signature.text, id(signature.text).slice(0, 10)]).toEqual([signature.text, selector]);
      expect(selectorOfSignature(signature)).toBe(selector);
    }
  });

  it("of a release count only for their own selector", () => {
    const method = (signature: string) => ({ signature });
    expect(statedSignature("0x12345678", method("deposit()"))).toBeUndefined();
    expect(statedSignature("0xd0e30db0", method("deposit("))).toBeUndefined();
    const deposit = method("function deposit() payable");
    expect(statedSignature("0xd0e30db0", deposit)?.text).toBe("deposit()");
    expect(statedSignature("0xd0e30db0", deposit)?.text).toBe("deposit()");
  });
});

describe("calldata", () => {
  it("has a selector from four bytes on", () => {
    expect(selectorOf("0x")).toBeUndefined();
    expect(selectorOf("0x123456")).toBeUndefined();
    expect(selectorOf("0x1234567890")).toBe("0x12345678");
  });

  it.each<[string, string, readonly string[]]>([
    ["nothing", "uint256", []],
    ["half a word", "uint256", [word(1).slice(0, 62)]],
    ["too little for two", "uint256,uint256", [word(1)]],
    ["a word too much", "uint256", [word(1), word(0)]],
    ["a byte too much", "uint256", [word(1), "00"]],
    ["bytes where there are no arguments", "", ["00"]],
    ["uint8 over 8 bits", "uint8", [word(256)]],
    ["uint160 over 160 bits", "uint160", [word(2n ** 160n)]],
    ["int8 not extended", "int8", [word(255)]],
    ["int8 too small", "int8", [`${"ff".repeat(31)}7f`]],
    ["bool 2", "bool", [word(2)]],
    ["a dirty bool", "bool", [word(2n ** 255n + 1n)]],
    ["a dirty address", "address", [word(2n ** 160n)]],
    ["a dirty bytes4", "bytes4", [`${"ab".repeat(4)}${"00".repeat(27)}01`]],
    ["an offset into the head", "bytes", [word(0), word(0)]],
    ["an offset past the tail's start", "bytes", [word(64), word(0), word(0)]],
    ["an offset over everything", "bytes", [word(2n ** 64n), word(0)]],
    ["an offset that wraps", "bytes", [word(2n ** 256n - 32n), word(0)]],
    ["two offsets to one tail", "bytes,bytes", [word(64), word(64), word(0)]],
    ["tails in the other order", "bytes,bytes", [word(96), word(64), word(0), word(0)]],
    ["bytes cut off", "bytes", [word(32), word(33), word(0)]],
    ["bytes not padded", "bytes", [word(32), word(1), "ab"]],
    ["bytes with dirty padding", "bytes", [word(32), word(1), `ab${"00".repeat(30)}01`]],
    ["bytes of 2^255", "bytes", [word(32), word(2n ** 255n)]],
    ["bytes of 2^32 - 1", "bytes", [word(32), word(2n ** 32n - 1n)]],
    ["an array of 2^32 - 1", "uint256[]", [word(32), word(2n ** 32n - 1n)]],
    ["an array cut off", "uint256[]", [word(32), word(2), word(1)]],
    ["an array of arrays with a gap", "uint256[][]", [word(32), word(1), word(64), word(0), word(0)]],
    ["text that is not UTF-8", "string", [word(32), word(1), `ff${"00".repeat(31)}`]],
    ["text with half a surrogate pair", "string", [word(32), word(3), `eda080${"00".repeat(29)}`]],
  ])("refuses %s", (_, types, words) => {
    expect(refused(() => decoded(types, ...words))).toBe(true);
  });

  it("reads each type", () => {
    expect(
      decoded(
        "uint256,int8,bool,bytes4,address",
        word(5),
        "ff".repeat(32),
        word(1),
        `abcdef01${"00".repeat(28)}`,
        PAYEE.slice(2).padStart(64, "0"),
      ),
    ).toEqual([5n, -1n, true, "0xabcdef01", PAYEE]);
    expect(decoded("string", word(32), word(3), `${"e282ac"}${"00".repeat(29)}`)).toEqual(["€"]);
    // A mark of the byte order is text as well.
    expect(decoded("string", word(32), word(3), `${"efbbbf"}${"00".repeat(29)}`)).toEqual(["\ufeff"]);
    expect(decoded("uint256[2],uint8[]", word(1), word(2), word(96), word(1), word(3))).toEqual([
      [1n, 2n],
      [3n],
    ]);
  });

  it("shows values as text", () => {
    expect([5n, -1n, true, PAYEE, ""].map(textOfValue)).toEqual(["5", "-1", "true", PAYEE, ""]);
    expect(textOfValue([1n, [true, "a"], []])).toBe('["1",[true,"a"],[]]');
  });
});

/** A type, and values of it. */
interface Typed {
  readonly type: string;
  readonly value: fc.Arbitrary<AbiValue>;
}

const hexOf = (size: { min: number; max: number }) =>
  fc
    .uint8Array({ minLength: size.min, maxLength: size.max })
    .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);

const widths = fc.integer({ min: 1, max: 32 });

const { typed } = fc.letrec<{ typed: Typed; list: Typed }>((tie) => ({
  typed: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant({ type: "address", value: hexOf({ min: 20, max: 20 }) }),
    fc.constant({ type: "bool", value: fc.boolean() }),
    fc.constant({ type: "bytes", value: hexOf({ min: 0, max: 70 }) }),
    fc.constant({ type: "string", value: fc.string({ unit: "binary", maxLength: 40 }) }),
    widths.map((size) => ({ type: `bytes${size}`, value: hexOf({ min: size, max: size }) })),
    widths.map((size) => ({
      type: `uint${size * 8}`,
      value: fc.bigInt({ min: 0n, max: 2n ** BigInt(size * 8) - 1n }),
    })),
    widths.map((size) => ({
      type: `int${size * 8}`,
      value: fc.bigInt({ min: -(2n ** BigInt(size * 8 - 1)), max: 2n ** BigInt(size * 8 - 1) - 1n }),
    })),
    tie("list"),
  ),
  list: fc.oneof(
    tie("typed").map(({ type, value }) => ({ type: `${type}[]`, value: fc.array(value, { maxLength: 4 }) })),
    fc.tuple(tie("typed"), fc.integer({ min: 1, max: 3 })).map(([{ type, value }, length]) => ({
      type: `${type}[${length}]`,
      value: fc.array(value, { minLength: length, maxLength: length }),
    })),
    fc.array(tie("typed"), { minLength: 1, maxLength: 4 }).map((members) => ({
      type: `(${members.map(({ type }) => type).join(",")})`,
      value: fc.tuple(...members.map(({ value }) => value)),
    })),
  ),
}));

const calls = fc.array(typed, { maxLength: 4 }).chain((members) =>
  fc.record({
    types: fc.constant(members.map(({ type }) => type)),
    values: fc.tuple(...members.map(({ value }) => value)),
  }),
);

function encode(types: readonly string[], values: readonly AbiValue[]): string {
  return coder.encode(
    types.map((type) => ParamType.from(`tuple${type}`.replace(/^tuple(?!\()/, ""))),
    [...values],
  );
}

describe("against ethers", () => {
  const decode = (types: readonly string[], encoded: string) => {
    const data: Hex = `${SELECTOR}${lowered(encoded).slice(2)}`;
    return decodeArguments(parseSignature(`f(${types.join(",")})`).parameters, data);
  };

  it("decodes what it encodes to the same values", () => {
    fc.assert(
      fc.property(calls, ({ types, values }) => {
        expect(decode(types, encode(types, values))).toEqual(values);
      }),
      { numRuns: 500 },
    );
  });

  it("takes no other bytes for them: what is decoded encodes to the bytes", () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(calls, edits, fc.integer({ min: -33, max: 33 }), ({ types, values }, changes, length) => {
        const bytes = Buffer.from(encode(types, values).slice(2), "hex");
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        const cut = length < 0 ? bytes.subarray(0, Math.max(bytes.length + length, 0)) : bytes;
        const grown = length % 32 === 1 ? Buffer.concat([cut, Buffer.alloc(length)]) : cut;
        const hex = `0x${grown.toString("hex")}`;
        let again: string;
        try {
          again = encode(types, decode(types, hex));
        } catch (error) {
          if (error instanceof Undecodable) return;
          throw error;
        }
        expect(lowered(again)).toBe(hex);
      }),
      { numRuns: 1_500 },
    );
  });
});
