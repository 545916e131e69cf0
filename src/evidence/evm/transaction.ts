/**
 * Unsigned EVM transactions: legacy, EIP-155, EIP-2930, EIP-1559, EIP-4844 and EIP-7702.
 */
import { Undecodable } from "../undecodable.ts";
import type { Hex } from "./call.ts";

/** One entry of an access list (EIP-2930). */
export interface Access {
  readonly address: string;
  readonly storageKeys: readonly Hex[];
}

/**
 * Who lets which code run as their own (EIP-7702).
 *
 * @property chainId - 0 means every chain.
 * @property address - the code's contract; the zero address takes an earlier authorization back.
 * @property authority - who signed it; absent where its signature is nobody's, so that chains skip it.
 */
export interface Authorization {
  readonly chainId: bigint;
  readonly address: string;
  readonly nonce: bigint;
  readonly authority?: string;
}

/**
 * A transaction as its unsigned bytes have it. Addresses are in lower case, prices in wei.
 *
 * @property chainId - absent for `legacy`, which is valid on every chain.
 * @property to - absent where a contract is created.
 * @property hash - what is signed: keccak-256 of the bytes.
 */
export interface EvmTransaction {
  readonly type: "legacy" | "eip155" | "eip2930" | "eip1559" | "eip4844" | "eip7702";
  readonly chainId?: bigint;
  readonly nonce: bigint;
  readonly to?: string;
  readonly value: bigint;
  readonly data: Hex;
  readonly gasLimit: bigint;
  readonly gasPrice?: bigint;
  readonly maxFeePerGas?: bigint;
  readonly maxPriorityFeePerGas?: bigint;
  readonly maxFeePerBlobGas?: bigint;
  readonly blobHashes: readonly Hex[];
  readonly accessList: readonly Access[];
  readonly authorizations: readonly Authorization[];
  readonly hash: Hex;
}

/**
 * @param bytes - the whole transaction: a type byte and RLP, or RLP alone.
 * @throws Undecodable for what is signed already, isn't canonical, or could never be mined.
 */
export function decodeTransaction(_bytes: Uint8Array): EvmTransaction {
  throw new Undecodable("not read yet");
}
