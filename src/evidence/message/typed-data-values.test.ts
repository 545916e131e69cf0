/** Random types and values, held against ethers' and ox's encoders; changed texts, of which none may pass unseen. */
import { TypedDataEncoder, type TypedDataField } from "ethers";
import fc from "fast-check";
import * as TypedData from "ox/TypedData";
import { describe, expect, it } from "vitest";
import {
  domainFields,
  type Fields,
  fields,
  type TypedDataParts,
  typedDataText,
} from "../../../test/support/typed-data.ts";
import { Undecodable } from "../undecodable.ts";
import { readTypedData } from "./typed-data.ts";

/** A value as JSON spells it, and as ox wants it. */
interface Sample {
  readonly json: unknown;
  readonly plain: unknown;
}

const bytesOf = (options: fc.IntArrayConstraints) =>
  fc.uint8Array(options).map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);

const same = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<Sample> =>
  arbitrary.map((value) => ({ json: value, plain: value }));

function integerSample(min: bigint, max: bigint): fc.Arbitrary<Sample> {
  return fc
    .tuple(fc.bigInt({ min, max }), fc.constantFrom("decimal", "hex", "number"))
    .map(([value, how]) => {
      if (how === "hex" && value >= 0n) return { json: `0x${value.toString(16)}`, plain: value };
      const isSafe = Number.isSafeInteger(Number(value));
      return { json: how === "number" && isSafe ? Number(value) : value.toString(), plain: value };
    });
}

const ATOMS: ReadonlyMap<string, fc.Arbitrary<Sample>> = new Map([
  ["bool", same(fc.boolean())],
  ["address", same(bytesOf({ minLength: 20, maxLength: 20 }))],
  ["string", same(fc.string({ unit: "binary", maxLength: 40 }).filter((text) => text.isWellFormed()))],
  ["bytes", same(bytesOf({ maxLength: 70 }))],
  ["bytes1", same(bytesOf({ minLength: 1, maxLength: 1 }))],
  ["bytes20", same(bytesOf({ minLength: 20, maxLength: 20 }))],
  ["bytes32", same(bytesOf({ minLength: 32, maxLength: 32 }))],
  ["uint8", integerSample(0n, 255n)],
  ["uint256", integerSample(0n, 2n ** 256n - 1n)],
  ["uint160", integerSample(0n, 2n ** 160n - 1n)],
  ["int8", integerSample(-128n, 127n)],
  ["int136", integerSample(-(2n ** 135n), 2n ** 135n - 1n)],
  ["int256", integerSample(-(2n ** 255n), 2n ** 255n - 1n)],
]);

type Types = Record<string, Fields>;

/** Structs `S0` to `S3`; each refers to later ones only, and those that `S0` doesn't reach are left out. */
const typesArbitrary: fc.Arbitrary<Types> = fc
  .tuple(...[0, 1, 2, 3].map((index) => fc.array(memberType(index), { minLength: 1, maxLength: 4 })))
  .map((structs) => {
    const all: Types = Object.fromEntries(
      structs.map((types, index) => [`S${index}`, types.map((type, at) => ({ name: `m${at}`, type }))]),
    );
    const reached = new Set(["S0"]);
    for (const name of reached) {
      for (const { type } of all[name] ?? []) {
        if (type.startsWith("S")) reached.add(type.replace(/\[.*/, ""));
      }
    }
    return Object.fromEntries(Object.entries(all).filter(([name]) => reached.has(name)));
  });

function memberType(index: number): fc.Arbitrary<string> {
  const later = [1, 2, 3].filter((other) => other > index).map((other) => `S${other}`);
  const suffix = fc.constantFrom("", "", "", "[]", "[2]", "[][2]", "[1][]");
  return fc
    .tuple(fc.constantFrom(...ATOMS.keys(), ...later, ...later), suffix)
    .map((parts) => parts.join(""));
}

function sampleOf(type: string, types: Types): fc.Arbitrary<Sample> {
  const [, element, length] = /^(.*)\[([0-9]*)\]$/.exec(type) ?? [];
  if (element !== undefined) {
    const bounds = length ? { minLength: Number(length), maxLength: Number(length) } : { maxLength: 2 };
    return fc.array(sampleOf(element, types), bounds).map((items) => ({
      json: items.map(({ json }) => json),
      plain: items.map(({ plain }) => plain),
    }));
  }
  const atom = ATOMS.get(type);
  if (atom !== undefined) return atom;
  const members = (types[type] ?? []).map(({ name, type: of }) => [name, sampleOf(of, types)] as const);
  return fc.record(Object.fromEntries(members)).map((struct) => {
    const entries = Object.entries<Sample>(struct);
    return {
      json: Object.fromEntries(entries.map(([name, { json }]) => [name, json])),
      plain: Object.fromEntries(entries.map(([name, { plain }]) => [name, plain])),
    };
  });
}

const domainArbitrary = fc.record(
  {
    name: fc.string({ minLength: 1 }),
    version: fc.string({ minLength: 1 }),
    chainId: fc.nat(),
    verifyingContract: bytesOf({ minLength: 20, maxLength: 20 }),
    salt: bytesOf({ minLength: 32, maxLength: 32 }),
  },
  { requiredKeys: [] },
);

interface Case {
  readonly parts: TypedDataParts;
  readonly plain: Record<string, unknown>;
}

const caseArbitrary: fc.Arbitrary<Case> = typesArbitrary.chain((types) =>
  fc.tuple(domainArbitrary, sampleOf("S0", types)).map(([domain, { json, plain }]) => ({
    parts: { types, primaryType: "S0", domain, message: json as Record<string, unknown> },
    plain: plain as Record<string, unknown>,
  })),
);

function oxDigest({ types, domain, primaryType }: TypedDataParts, message: Record<string, unknown>): string {
  const all = { EIP712Domain: domainFields(domain), ...types };
  return TypedData.getSignPayload<Record<string, unknown>, string>({
    types: all,
    domain,
    primaryType,
    message,
  });
}

describe("any types and values", () => {
  it("hashes them as ethers and ox do", () => {
    fc.assert(
      fc.property(caseArbitrary, ({ parts, plain }) => {
        const { types, domain, message } = parts;
        const reading = readTypedData(undefined, typedDataText(parts));
        const mutable = Object.fromEntries(
          Object.entries(types).map(([name, members]): [string, TypedDataField[]] => [name, [...members]]),
        );
        expect(reading.digest).toBe(TypedDataEncoder.hash(domain, mutable, message));
        expect(reading.messageType).toBe(TypedDataEncoder.from(mutable).encodeType("S0"));
        expect(reading.digest).toBe(oxDigest(parts, plain));
      }),
      { numRuns: 200 },
    );
  });

  it("hashes types that contain themselves as ox does", () => {
    interface Tree {
      readonly label: string;
      readonly children: readonly Tree[];
    }
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.record({
        label: fc.string(),
        children: fc.oneof(
          { maxDepth: 5, depthIdentifier: "tree" },
          fc.constant([]),
          fc.array(tie("tree"), { maxLength: 3, depthIdentifier: "tree" }),
        ),
      }),
    }));
    fc.assert(
      fc.property(tree, (message) => {
        const parts = {
          types: { Tree: fields("string label,Tree[] children") },
          primaryType: "Tree",
          domain: { name: "Trees" },
          message: { ...message },
        };
        expect(readTypedData(undefined, typedDataText(parts)).digest).toBe(oxDigest(parts, { ...message }));
      }),
      { numRuns: 100 },
    );
  });
});

type Path = readonly (string | number)[];

/** The paths of all values that hold no others. */
function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]));
}

/** A copy in which the value at a path is another. */
function changed(value: unknown, [name, ...rest]: Path, change: (leaf: unknown) => unknown): unknown {
  if (name === undefined) return change(value);
  if (typeof value !== "object" || value === null) throw new Error("no such path");
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  Reflect.set(copy, name, changed(Reflect.get(copy, name), rest, change));
  return copy;
}

function flipped(leaf: unknown): unknown {
  if (typeof leaf === "boolean") return !leaf;
  if (typeof leaf === "number") return leaf === 0 ? 1 : leaf - Math.sign(leaf);
  const text = String(leaf);
  if (text === "0x") return "0x00";
  if (/^0x[0-9a-f]+$/.test(text))
    return text.slice(0, -1) + (Number.parseInt(text.slice(-1), 16) ^ 1).toString(16);
  if (/^-?[0-9]+$/.test(text)) return (BigInt(text) ^ 1n).toString();
  return `${text}x`;
}

function digestOf(raw: string): string | undefined {
  try {
    return readTypedData(undefined, raw).digest;
  } catch (error) {
    expect(error).toBeInstanceOf(Undecodable);
    return undefined;
  }
}

describe("any change", () => {
  it("gives another digest, or none, for each value, name and type", () => {
    fc.assert(
      fc.property(caseArbitrary, ({ parts }) => {
        const text = typedDataText(parts);
        const data: unknown = JSON.parse(text);
        const { digest } = readTypedData(undefined, text);
        for (const leaf of leavesOf(data)) {
          const other = JSON.stringify(changed(data, leaf, flipped));
          expect(digestOf(other), leaf.join(".")).not.toBe(digest);
          if (digestOf(other) === undefined) continue;
          expect(readTypedData(JSON.parse(text), other).differences, leaf.join(".")).not.toEqual([]);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("throws nothing but Undecodable, whatever stands where", () => {
    fc.assert(
      fc.property(caseArbitrary, fc.jsonValue({ maxDepth: 3 }), fc.nat(), ({ parts }, foreign, at) => {
        const data: unknown = JSON.parse(typedDataText(parts));
        const leaves = leavesOf(data);
        const leaf = leaves[at % leaves.length] ?? [];
        const depth = at % (leaf.length + 1);
        digestOf(JSON.stringify(changed(data, leaf.slice(0, depth), () => foreign)));
        digestOf(JSON.stringify(foreign));
      }),
      { numRuns: 200 },
    );
  });

  it("throws nothing but Undecodable for a text that is cut or bent", () => {
    fc.assert(
      fc.property(caseArbitrary, fc.nat(), fc.string({ maxLength: 3 }), ({ parts }, at, foreign) => {
        const text = typedDataText(parts);
        const cut = at % text.length;
        digestOf(text.slice(0, cut));
        digestOf(text.slice(0, cut) + foreign + text.slice(cut + foreign.length));
      }),
      { numRuns: 200 },
    );
  });
});
