import { Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import { address, bytesOf, encoded, type Item, PAYEE, refusal } from "../../../test/support/evm.ts";
import { decodeTransaction } from "./transaction.ts";

const SIGNER = new Wallet(`0x${"42".repeat(32)}`);
const HASH = `0x01${"ab".repeat(31)}`;

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

function refused(bytes: Uint8Array): string | undefined {
  const message = refusal(() => decodeTransaction(bytes));
  expect(message).toBeDefined();
  return message;
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
