import { decodeRlp, encodeRlp, keccak256, Transaction, type TransactionLike, Wallet } from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, PAYEE } from "../../../test/support/evm.ts";
import { Undecodable } from "../undecodable.ts";
import { decodeTransaction, type EvmTransaction } from "./transaction.ts";

const SIGNER = new Wallet(`0x${"42".repeat(32)}`);

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
