// The example of EIP-155 is CC0; the sample of ethers.js' test cases is MIT, with its notice in the fixture.
import { readFileSync } from "node:fs";
import {
  type Authorization,
  decodeRlp,
  encodeRlp,
  keccak256,
  type RlpStructuredDataish,
  Transaction,
  type TransactionLike,
  Wallet,
} from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { address, bytesOf, PAYEE, unsigned } from "../../../test/support/evm.ts";
import { Undecodable } from "../undecodable.ts";
import { decodeTransaction, type EvmTransaction } from "./transaction.ts";

const KEY = "0x4242424242424242424242424242424242424242424242424242424242424242";
const SIGNER = new Wallet(KEY);
const HASH = `0x01${"ab".repeat(31)}`;

type Item = string | readonly Item[];

/** RLP of items, after a type byte unless it is 0. */
function encoded(type: number, items: readonly Item[]): Uint8Array {
  const rlp = encodeRlp(structured(items));
  return bytesOf(type === 0 ? rlp : `0x0${type}${rlp.slice(2)}`);
}

function structured(item: Item): RlpStructuredDataish {
  return typeof item === "string" ? item : item.map(structured);
}

const LEGACY: readonly Item[] = ["0x07", "0x1e", "0x5208", PAYEE, "0x01", "0x"];
const EIP155: readonly Item[] = [...LEGACY, "0x01", "0x", "0x"];
const EIP2930: readonly Item[] = ["0x01", ...LEGACY, []];
const EIP1559: readonly Item[] = ["0x01", "0x07", "0x02", "0x1e", "0x5208", PAYEE, "0x01", "0x", []];
const EIP4844: readonly Item[] = [...EIP1559, "0x05", [HASH]];
const TUPLE: readonly Item[] = [
  "0x01",
  address("de"),
  "0x",
  "0x",
  `0x${"11".repeat(32)}`,
  `0x${"22".repeat(32)}`,
];
const EIP7702: readonly Item[] = [...EIP1559, [TUPLE]];

const SHAPES: readonly (readonly [number, string, readonly Item[]])[] = [
  [0, "legacy", LEGACY],
  [0, "eip155", EIP155],
  [1, "eip2930", EIP2930],
  [2, "eip1559", EIP1559],
  [3, "eip4844", EIP4844],
  [4, "eip7702", EIP7702],
];

function withItem(items: readonly Item[], index: number, item: Item): readonly Item[] {
  return items.map((old, at) => (at === index ? item : old));
}

function refused(bytes: Uint8Array): string {
  try {
    decodeTransaction(bytes);
  } catch (error) {
    if (error instanceof Undecodable) return error.message;
    throw error;
  }
  throw new Error("it was decoded");
}

describe("what is not a transaction", () => {
  it("has no bytes, an unknown type, or is no list", () => {
    expect(refused(new Uint8Array())).toBe("an empty transaction");
    for (const type of [0x00, 0x05, 0x7e, 0x7f]) {
      expect(refused(Uint8Array.of(type, ...encoded(0, EIP1559)))).toBe(
        `no transaction has the type ${type}`,
      );
    }
    expect(refused(bytesOf("0x02820102"))).toBe("the transaction is not a list");
    expect(refused(bytesOf("0x02"))).toBe("the transaction is missing");
  });

  it("is larger than nodes take", () => {
    const large = encoded(2, withItem(EIP1559, 7, `0x${"00".repeat(128 * 1024)}`));
    expect(refused(large)).toBe("a transaction over 131072 bytes");
  });

  it.each(SHAPES)("is cut off, or goes on (%i, %s)", (type, _, items) => {
    const bytes = encoded(type, items);
    for (let length = 0; length < bytes.length; length++) refused(bytes.subarray(0, length));
    expect(refused(Uint8Array.of(...bytes, 0))).toBe("bytes after the transaction");
  });

  it.each(SHAPES)("has another number of items (%i, %s)", (type, name, items) => {
    for (let count = 0; count < items.length; count++) {
      if (name === "eip155" && count === LEGACY.length) continue;
      refused(encoded(type, items.slice(0, count)));
    }
    if (name !== "legacy") refused(encoded(type, [...items, "0x"]));
    refused(encoded(type, [...items, "0x", "0x", "0x"]));
  });

  it.each(SHAPES)("has a list for a string, or a string for a list (%i, %s)", (type, _, items) => {
    items.forEach((item, index) => {
      refused(encoded(type, withItem(items, index, typeof item === "string" ? [] : "0x")));
    });
  });
});

describe("what is not canonical", () => {
  it.each(SHAPES)("integers with leading zeros, or too large (%i, %s)", (type, _, items) => {
    const strings = items.flatMap((item, index) => (typeof item === "string" ? [index] : []));
    for (const index of strings) {
      if (items[index] === PAYEE || index === strings.find((at) => items[at] === "0x")) continue;
      refused(encoded(type, withItem(items, index, "0x00")));
      refused(encoded(type, withItem(items, index, "0x0001")));
      refused(encoded(type, withItem(items, index, `0x01${"00".repeat(32)}`)));
    }
  });

  it("a nonce, or gas, over 64 bits, and the last nonce", () => {
    refused(encoded(0, withItem(LEGACY, 0, `0x01${"00".repeat(8)}`)));
    refused(encoded(0, withItem(LEGACY, 2, `0x01${"00".repeat(8)}`)));
    expect(refused(encoded(0, withItem(LEGACY, 0, `0x${"ff".repeat(8)}`)))).toContain("EIP-2681");
    expect(decodeTransaction(encoded(0, withItem(LEGACY, 0, `0x${"ff".repeat(7)}fe`))).nonce).toBe(
      2n ** 64n - 2n,
    );
  });

  it("lengths in a longer form than they need", () => {
    // A byte below 128 with a prefix; a short string and a short list with a length of their own; a length with zeros.
    expect(refused(bytesOf("0xc58107808080"))).toContain("a prefix it needs not");
    expect(refused(bytesOf("0xc7b80107"))).toContain("cut off");
    expect(refused(bytesOf("0xc3b80107"))).toContain("a longer form");
    expect(refused(bytesOf("0xf801c0"))).toContain("a longer form");
    const long = encoded(0, withItem(LEGACY, 5, `0x${"11".repeat(60)}`));
    expect(refused(Uint8Array.of(0xf9, 0, ...long.subarray(1)))).toContain("a longer form");
    for (const first of [0xfb, 0xfc, 0xff]) {
      expect(refused(Uint8Array.of(first, ...new Array<number>(40).fill(0xff)))).toContain("cut off");
    }
  });

  it("receivers that are not addresses", () => {
    for (const to of ["0x00", PAYEE.slice(0, -2), `${PAYEE}00`]) {
      expect(refused(encoded(0, withItem(LEGACY, 3, to)))).toBe("the receiver is not 20 bytes");
    }
  });
});

describe("what could never be mined", () => {
  it("the chain id 0", () => {
    expect(refused(encoded(0, withItem(EIP155, 6, "0x")))).toBe("no chain has the id 0");
    expect(refused(encoded(2, withItem(EIP1559, 0, "0x")))).toBe("no chain has the id 0");
  });

  it("a priority fee above the maximum", () => {
    expect(refused(encoded(2, withItem(EIP1559, 2, "0x1f")))).toContain("above the maximum fee");
    expect(decodeTransaction(encoded(2, withItem(EIP1559, 2, "0x1e"))).maxPriorityFeePerGas).toBe(30n);
  });

  it("access lists of another shape", () => {
    const entry = [PAYEE, [`0x${"00".repeat(32)}`]];
    expect(decodeTransaction(encoded(1, withItem(EIP2930, 7, [entry]))).accessList).toEqual([
      { address: PAYEE, storageKeys: [`0x${"00".repeat(32)}`] },
    ]);
    const wrong: readonly Item[] = [
      PAYEE,
      [],
      [PAYEE],
      [PAYEE.slice(0, -2), []],
      [PAYEE, ["0x01"]],
      [...entry, "0x"],
    ];
    for (const item of wrong) refused(encoded(1, withItem(EIP2930, 7, [item])));
  });

  it("blobs: none of them, of another version, of another size, without a receiver", () => {
    const hashes = EIP4844.length - 1;
    expect(refused(encoded(3, withItem(EIP4844, hashes, [])))).toBe("a blob transaction without blobs");
    expect(refused(encoded(3, withItem(EIP4844, hashes, [HASH.replace("0x01", "0x02")])))).toContain(
      "version",
    );
    refused(encoded(3, withItem(EIP4844, hashes, [HASH.slice(0, -2)])));
    expect(refused(encoded(3, withItem(EIP4844, 5, "0x")))).toContain("creates no contract");
    // What is sent with the blobs themselves is not what is signed.
    refused(encoded(3, [EIP4844, [], [], []]));
  });

  it("authorizations: none, many, of another shape, without a receiver", () => {
    const list = EIP7702.length - 1;
    expect(refused(encoded(4, withItem(EIP7702, list, [])))).toContain("without authorizations");
    expect(refused(encoded(4, withItem(EIP7702, list, new Array<Item>(17).fill(TUPLE))))).toContain(
      "too many",
    );
    expect(refused(encoded(4, withItem(EIP7702, 5, "0x")))).toContain("creates no contract");
    const wrong: readonly Item[] = [
      ...[0, 1, 2, 3, 4, 5].map((count) => TUPLE.slice(0, count)),
      [...TUPLE, "0x"],
      withItem(TUPLE, 1, "0x"),
      withItem(TUPLE, 2, `0x01${"00".repeat(8)}`),
      withItem(TUPLE, 3, "0x0100"),
      withItem(TUPLE, 4, `0x01${"00".repeat(32)}`),
    ];
    for (const tuple of wrong) refused(encoded(4, withItem(EIP7702, list, [tuple])));
  });
});

describe("signed transactions", () => {
  it.each([0, 1, 2, 4])("are refused (type %i)", async (type) => {
    const authorizationList =
      type === 4 ? [SIGNER.authorizeSync({ address: PAYEE, nonce: 0, chainId: 1 })] : null;
    const fees = type < 2 ? { gasPrice: 30 } : { maxFeePerGas: 30, maxPriorityFeePerGas: 1 };
    const base = { type, chainId: 1, nonce: 7, gasLimit: 21_000, to: PAYEE, value: 1, authorizationList };
    const signed = bytesOf(await SIGNER.signTransaction({ ...base, ...fees }));
    expect(refused(signed)).toMatch(/signed/);
  });

  it("are refused before EIP-155 too", () => {
    const signature = ["0x1b", `0x${"11".repeat(32)}`, `0x${"22".repeat(32)}`];
    expect(refused(encoded(0, [...LEGACY, ...signature]))).toBe("the transaction is signed");
  });
});

const fixtureSchema = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      transaction: z.object({
        to: z.string().optional(),
        nonce: z.union([z.number(), z.string()]).default(0),
        gasLimit: z.string().default("0x0"),
        gasPrice: z.string().default("0x0"),
        maxFeePerGas: z.string().default("0x0"),
        maxPriorityFeePerGas: z.string().default("0x0"),
        maxFeePerBlobGas: z.string().default("0x0"),
        data: z.string().default("0x"),
        value: z.string().default("0x0"),
        chainId: z.string(),
        accessList: z.array(z.object({ address: z.string(), storageKeys: z.array(z.string()) })).default([]),
        blobVersionedHashes: z.array(z.string()).default([]),
      }),
      unsignedLegacy: z.string(),
      unsignedEip155: z.string(),
      unsignedBerlin: z.string(),
      unsignedLondon: z.string(),
      unsignedCancun: z.string().optional(),
      signedLegacy: z.string(),
      signedEip155: z.string(),
      signedBerlin: z.string(),
      signedLondon: z.string(),
      signedCancun: z.string().optional(),
    }),
  ),
});

const FIXTURE = fixtureSchema.parse(
  JSON.parse(
    readFileSync(new URL("../../../test/fixtures/evm/ethers-transactions.json", import.meta.url), "utf8"),
  ),
);

describe("public vectors", () => {
  it("the example of EIP-155", () => {
    const bytes = bytesOf(
      "0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080",
    );
    expect(decodeTransaction(bytes)).toEqual({
      type: "eip155",
      chainId: 1n,
      nonce: 9n,
      gasPrice: 20_000_000_000n,
      gasLimit: 21_000n,
      to: address("35"),
      value: 10n ** 18n,
      data: "0x",
      blobHashes: [],
      accessList: [],
      authorizations: [],
      hash: "0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53",
    });
  });

  it.each(FIXTURE.cases)("ethers.js: $name", (vector) => {
    const { transaction } = vector;
    const call = {
      nonce: BigInt(transaction.nonce),
      gasLimit: BigInt(transaction.gasLimit),
      ...(transaction.to === undefined ? {} : { to: transaction.to.toLowerCase() }),
      value: BigInt(transaction.value),
      data: transaction.data,
      blobHashes: [],
      accessList: [],
      authorizations: [],
    };
    const onChain = { ...call, chainId: BigInt(transaction.chainId) };
    const gasPrice = BigInt(transaction.gasPrice);
    const accessList = transaction.accessList.map((entry) => ({
      ...entry,
      address: entry.address.toLowerCase(),
    }));
    const fees = {
      maxFeePerGas: BigInt(transaction.maxFeePerGas),
      maxPriorityFeePerGas: BigInt(transaction.maxPriorityFeePerGas),
    };
    const hashOf = (hex: string) => ({ hash: keccak256(hex) });
    const decoded = (hex: string) => decodeTransaction(bytesOf(hex));
    expect(decoded(vector.unsignedLegacy)).toEqual({
      type: "legacy",
      ...call,
      gasPrice,
      ...hashOf(vector.unsignedLegacy),
    });
    expect(decoded(vector.unsignedEip155)).toEqual({
      type: "eip155",
      ...onChain,
      gasPrice,
      ...hashOf(vector.unsignedEip155),
    });
    expect(decoded(vector.unsignedBerlin)).toEqual({
      type: "eip2930",
      ...onChain,
      gasPrice,
      accessList,
      ...hashOf(vector.unsignedBerlin),
    });
    expect(decoded(vector.unsignedLondon)).toEqual({
      type: "eip1559",
      ...onChain,
      ...fees,
      accessList,
      ...hashOf(vector.unsignedLondon),
    });
    if (vector.unsignedCancun !== undefined) {
      expect(decoded(vector.unsignedCancun)).toEqual({
        type: "eip4844",
        ...onChain,
        ...fees,
        accessList,
        maxFeePerBlobGas: BigInt(transaction.maxFeePerBlobGas),
        blobHashes: transaction.blobVersionedHashes,
        ...hashOf(vector.unsignedCancun),
      });
    }
    const signed = [vector.signedLegacy, vector.signedEip155, vector.signedBerlin, vector.signedLondon];
    for (const hex of [...signed, vector.signedCancun ?? vector.signedLondon]) refused(bytesOf(hex));
  });
});

describe("authorizations", () => {
  const authorize = (request: { address: string; nonce: number; chainId: bigint }) =>
    SIGNER.authorizeSync(request);
  const decoded = (authorizationList: Authorization[]) =>
    decodeTransaction(unsigned({ type: 4, to: PAYEE, authorizationList })).authorizations;

  it("name who signed them, for chains of any id", () => {
    for (const chainId of [0n, 1n, 5000n, 2n ** 256n - 1n]) {
      const list = [authorize({ address: PAYEE, nonce: 300, chainId })];
      expect(decoded(list)).toEqual([
        { chainId, address: PAYEE, nonce: 300n, authority: SIGNER.address.toLowerCase() },
      ]);
    }
  });

  it("name nobody where chains would not take the signature", () => {
    const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const hex = (number: bigint) => `0x${number.toString(16)}`;
    const { signature } = authorize({ address: PAYEE, nonce: 1, chainId: 1n });
    const tuple = (parity: string, r: string, s: string): Item => ["0x01", PAYEE, "0x01", parity, r, s];
    const even = signature.yParity === 0;
    const parity = even ? "0x" : "0x01";
    const wrong = [
      tuple(even ? "0x01" : "0x", signature.r, hex(N - BigInt(signature.s))),
      tuple("0x02", signature.r, signature.s),
      tuple(parity, "0x", signature.s),
      tuple(parity, signature.r, "0x"),
      tuple(parity, hex(N), signature.s),
      tuple(parity, `0x${"ff".repeat(32)}`, signature.s),
    ];
    const right = tuple(parity, signature.r, signature.s);
    const { authorizations } = decodeTransaction(encoded(4, [...EIP1559, [...wrong, right]]));
    expect(authorizations.map(({ authority }) => authority)).toEqual([
      ...wrong.map(() => undefined),
      SIGNER.address.toLowerCase(),
    ]);
  });
});

const integer = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
const hexBytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
const anAddress = hexBytes(20, 20);

const transactions: fc.Arbitrary<TransactionLike> = fc
  .record({
    type: fc.constantFrom(0, 1, 2, 3, 4),
    chainId: integer(64),
    nonce: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    to: fc.option(anAddress),
    value: integer(256),
    data: hexBytes(0, 200),
    gasLimit: integer(64),
    gasPrice: integer(128),
    maxPriorityFeePerGas: integer(100),
    tip: integer(100),
    maxFeePerBlobGas: integer(128),
    blobs: fc.array(hexBytes(31, 31), { minLength: 1, maxLength: 6 }),
    accessList: fc.array(
      fc.record({ address: anAddress, storageKeys: fc.array(hexBytes(32, 32), { maxLength: 3 }) }),
      {
        maxLength: 3,
      },
    ),
    authorizations: fc.array(fc.record({ address: anAddress, nonce: fc.nat(), chainId: integer(64) }), {
      minLength: 1,
      maxLength: 2,
    }),
  })
  .map(
    ({ type, chainId, to, gasPrice, tip, blobs, accessList, authorizations, maxFeePerBlobGas, ...rest }) => {
      const { maxPriorityFeePerGas, ...call } = rest;
      return {
        ...call,
        type,
        // A legacy transaction without a chain id is one of before EIP-155.
        chainId: type === 0 || chainId > 0n ? chainId : 1n,
        to: to ?? (type < 3 ? null : PAYEE),
        ...(type < 2 ? { gasPrice } : { maxPriorityFeePerGas, maxFeePerGas: maxPriorityFeePerGas + tip }),
        ...(type === 0 ? {} : { accessList }),
        ...(type === 3
          ? { maxFeePerBlobGas, blobVersionedHashes: blobs.map((hash) => `0x01${hash.slice(2)}`) }
          : {}),
        ...(type === 4
          ? { authorizationList: authorizations.map((request) => SIGNER.authorizeSync(request)) }
          : {}),
      };
    },
  );

/** The members as ethers encodes them. */
function encodedAgain(decoded: EvmTransaction): string {
  const { type, chainId, to, blobHashes, accessList, authorizations: _, hash: __, ...rest } = decoded;
  const types = ["eip155", "eip2930", "eip1559", "eip4844"];
  return Transaction.from({
    ...rest,
    nonce: Number(rest.nonce),
    type: Math.max(types.indexOf(type), 0),
    chainId: chainId ?? 0n,
    to: to ?? null,
    ...(type === "legacy" || type === "eip155" ? {} : { accessList: accessList.map(mutable) }),
    ...(type === "eip4844" ? { blobVersionedHashes: [...blobHashes] } : {}),
  }).unsignedSerialized;
}

function mutable({ address: at, storageKeys }: EvmTransaction["accessList"][number]) {
  return { address: at, storageKeys: [...storageKeys] };
}

function hexText(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString("hex")}`;
}

function expectSameBytes(decoded: EvmTransaction, bytes: Uint8Array): void {
  const hex = hexText(bytes);
  expect(decoded.hash).toBe(keccak256(hex));
  if (decoded.type !== "eip7702") expect(encodedAgain(decoded)).toBe(hex);
  // The signatures of authorizations are not among the members.
  else expect(encodeRlp(decodeRlp(`0x${hex.slice(4)}`))).toBe(`0x${hex.slice(4)}`);
}

describe("against ethers", () => {
  it("decodes what it encodes, to the same members and the same hash", () => {
    fc.assert(
      fc.property(transactions, (made) => {
        const transaction = Transaction.from(made);
        const decoded = decodeTransaction(bytesOf(transaction.unsignedSerialized));
        expect(decoded.hash).toBe(transaction.unsignedHash);
        expect(decoded.chainId ?? 0n).toBe(transaction.chainId);
        expect(decoded.nonce).toBe(BigInt(transaction.nonce));
        expect(decoded.to).toBe(transaction.to?.toLowerCase());
        expect(decoded.value).toBe(transaction.value);
        expect(decoded.data).toBe(transaction.data);
        expect(decoded.gasLimit).toBe(transaction.gasLimit);
        expect(decoded.gasPrice).toBe(transaction.gasPrice ?? undefined);
        expect(decoded.maxFeePerGas).toBe(transaction.maxFeePerGas ?? undefined);
        expect(decoded.maxPriorityFeePerGas).toBe(transaction.maxPriorityFeePerGas ?? undefined);
        expect(decoded.maxFeePerBlobGas).toBe(transaction.maxFeePerBlobGas ?? undefined);
        expect(decoded.blobHashes).toEqual(transaction.blobVersionedHashes ?? []);
        expect(decoded.accessList).toEqual(
          (transaction.accessList ?? []).map((entry) => ({ ...entry, address: entry.address.toLowerCase() })),
        );
        expect(decoded.authorizations).toEqual(
          (transaction.authorizationList ?? []).map(({ chainId, address: code, nonce }) => ({
            chainId,
            address: code.toLowerCase(),
            nonce,
            authority: SIGNER.address.toLowerCase(),
          })),
        );
        expectSameBytes(decoded, bytesOf(transaction.unsignedSerialized));
      }),
      { numRuns: 300 },
    );
  });

  it("refuses a flipped bit, or reads exactly the bytes with it", () => {
    fc.assert(
      fc.property(transactions, fc.infiniteStream(fc.nat()), (made, flips) => {
        const bytes = bytesOf(Transaction.from(made).unsignedSerialized);
        const { hash } = decodeTransaction(bytes);
        for (const flip of flips.take(40)) {
          const flipped = Uint8Array.from(bytes);
          const at = flip % bytes.length;
          flipped[at] = (bytes[at] ?? 0) ^ (1 << (flip % 8));
          const decoded = decodedOrUndefined(flipped);
          if (decoded === undefined) continue;
          expect(decoded.hash).not.toBe(hash);
          if (decoded.nonce <= BigInt(Number.MAX_SAFE_INTEGER)) expectSameBytes(decoded, flipped);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("throws nothing but Undecodable, whatever the bytes are", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .tuple(fc.constantFrom(0x01, 0x02, 0x03, 0x04, 0xf8, 0xf9), fc.uint8Array({ maxLength: 300 }))
        .map(([first, rest]) => Uint8Array.of(first, 0xf8, rest.length, ...rest)),
    );
    fc.assert(
      fc.property(bytes, (any) => decodedOrUndefined(any) === undefined || true),
      { numRuns: 2_000 },
    );
  });
});

function decodedOrUndefined(bytes: Uint8Array): EvmTransaction | undefined {
  try {
    return decodeTransaction(bytes);
  } catch (error) {
    if (error instanceof Undecodable) return undefined;
    throw error;
  }
}
