/**
 * Unsigned EVM transactions: legacy, EIP-155, EIP-2930, EIP-1559, EIP-4844 and EIP-7702. Each has exactly one
 * encoding: what is decoded encodes to the same bytes.
 */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { extended } from "../../input/extended.ts";
import { Undecodable } from "../undecodable.ts";
import { type Authorization, readAuthorizations } from "./authorization.ts";
import type { Hex } from "./call.ts";
import { hexOf, RlpFields } from "./rlp-fields.ts";

/** One entry of an access list (EIP-2930). */
export interface Access {
  readonly address: string;
  readonly storageKeys: readonly Hex[];
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

/** What nodes pass on: geth's `txMaxSize`. */
const MAX_BYTES = 128 * 1024;

/** EIP-2681: the nonce 2^64 - 1 is never used. */
const MAX_NONCE = 2n ** 64n - 2n;

/** The first byte of a list: the transaction has no type byte. */
const FIRST_OF_LISTS = 0xc0;

/** The version byte of hashes of KZG commitments, the only one there is (EIP-4844). */
const BLOB_VERSION = "0x01";

/**
 * @param bytes - the whole transaction: a type byte and RLP, or RLP alone.
 * @throws Undecodable for what is signed already, isn't canonical, or could never be mined.
 */
export function decodeTransaction(bytes: Uint8Array): EvmTransaction {
  if (bytes.length > MAX_BYTES) throw new Undecodable(`a transaction over ${MAX_BYTES} bytes`);
  const first = bytes[0];
  if (first === undefined) throw new Undecodable("an empty transaction");
  const members =
    first >= FIRST_OF_LISTS
      ? readUntyped(RlpFields.of(bytes))
      : readTyped(first, RlpFields.of(bytes.subarray(1)));
  return extended(members, { hash: hexOf(keccak_256(bytes)) });
}

type Members = Omit<EvmTransaction, "hash">;

const NO_LISTS = { blobHashes: [], accessList: [], authorizations: [] };

function readUntyped(fields: RlpFields): Members {
  const nonce = nonceOf(fields);
  const gasPrice = fields.integer("the gas price", 32);
  const members = { nonce, gasPrice, ...readCall(fields), ...NO_LISTS };
  if (fields.done) return { type: "legacy", ...members };
  const chainId = chainIdOf(fields);
  if (fields.bytes("r").length > 0 || fields.bytes("s").length > 0) {
    throw new Undecodable("the transaction is signed");
  }
  fields.finish("the transaction");
  return { type: "eip155", chainId, ...members };
}

function readTyped(type: number, fields: RlpFields): Members {
  const chainId = chainIdOf(fields);
  const nonce = nonceOf(fields);
  const members = { chainId, nonce, ...NO_LISTS };
  switch (type) {
    case 1: {
      const gasPrice = fields.integer("the gas price", 32);
      return ended(fields, { type: "eip2930", ...members, gasPrice, ...readAccessCall(fields) });
    }
    case 2:
      return ended(fields, { type: "eip1559", ...members, ...readPrices(fields), ...readAccessCall(fields) });
    case 3:
      return ended(fields, {
        type: "eip4844",
        ...members,
        ...readPrices(fields),
        ...withReceiver(readAccessCall(fields)),
        maxFeePerBlobGas: fields.integer("the blob gas price", 32),
        blobHashes: readBlobHashes(fields.list("the blob hashes")),
      });
    case 4:
      return ended(fields, {
        type: "eip7702",
        ...members,
        ...readPrices(fields),
        ...withReceiver(readAccessCall(fields)),
        authorizations: readAuthorizations(fields.list("the authorization list")),
      });
    default:
      throw new Undecodable(`no transaction has the type ${type}`);
  }
}

function ended(fields: RlpFields, members: Members): Members {
  fields.finish("the transaction");
  return members;
}

function chainIdOf(fields: RlpFields): bigint {
  const chainId = fields.integer("the chain id", 32);
  if (chainId === 0n) throw new Undecodable("no chain has the id 0");
  return chainId;
}

function nonceOf(fields: RlpFields): bigint {
  const nonce = fields.integer("the nonce", 8);
  if (nonce > MAX_NONCE) throw new Undecodable("no transaction has the last nonce (EIP-2681)");
  return nonce;
}

function readPrices(fields: RlpFields) {
  const maxPriorityFeePerGas = fields.integer("the priority fee", 32);
  const maxFeePerGas = fields.integer("the maximum fee", 32);
  if (maxPriorityFeePerGas > maxFeePerGas) throw new Undecodable("the priority fee is above the maximum fee");
  return { maxPriorityFeePerGas, maxFeePerGas };
}

interface CallMembers {
  readonly gasLimit: bigint;
  readonly to?: string;
  readonly value: bigint;
  readonly data: Hex;
}

function readCall(fields: RlpFields): CallMembers {
  // Every client holds gas in 64 bits.
  const gasLimit = fields.integer("the gas limit", 8);
  const to = fields.bytes("the receiver");
  if (to.length !== 0 && to.length !== 20) throw new Undecodable("the receiver is not 20 bytes");
  const value = fields.integer("the value", 32);
  const data = hexOf(fields.bytes("the data"));
  return { gasLimit, ...(to.length === 0 ? {} : { to: hexOf(to) }), value, data };
}

function readAccessCall(fields: RlpFields) {
  return { ...readCall(fields), accessList: readAccessList(fields.list("the access list")) };
}

function withReceiver<T extends CallMembers>(call: T): T {
  if (call.to === undefined) throw new Undecodable("a transaction of this type creates no contract");
  return call;
}

function readAccessList(list: RlpFields): readonly Access[] {
  const accesses: Access[] = [];
  while (!list.done) {
    const entry = list.list("an entry of the access list");
    const address = entry.fixed("an address of the access list", 20);
    const storageKeys = readHashes(entry.list("the storage keys"), "a storage key");
    entry.finish("an entry of the access list");
    accesses.push({ address, storageKeys });
  }
  return accesses;
}

function readBlobHashes(list: RlpFields): readonly Hex[] {
  const hashes = readHashes(list, "a blob hash");
  if (hashes.length === 0) throw new Undecodable("a blob transaction without blobs");
  if (hashes.some((hash) => !hash.startsWith(BLOB_VERSION)))
    throw new Undecodable("a blob hash of no known version");
  return hashes;
}

function readHashes(list: RlpFields, name: string): readonly Hex[] {
  const hashes: Hex[] = [];
  while (!list.done) hashes.push(list.fixed(name, 32));
  return hashes;
}
