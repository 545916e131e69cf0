// The example of EIP-155 is CC0; the sample of ethers.js' test cases is MIT, with its notice in the fixture.
import { readFileSync } from "node:fs";
import { keccak256 } from "ethers";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { address, bytesOf, refusal } from "../../../test/support/evm.ts";
import { decodeTransaction } from "./transaction.ts";

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
    for (const hex of [...signed, vector.signedCancun ?? vector.signedLondon]) {
      expect(refusal(() => decoded(hex))).toMatch(/signed|without blobs/);
    }
  });
});
