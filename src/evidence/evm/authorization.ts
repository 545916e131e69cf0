/** Authorizations of EIP-7702: who lets which code run as their own. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { Undecodable } from "../undecodable.ts";
import { hexOf, type RlpFields } from "./rlp-fields.ts";

/**
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

/** Each costs the recovery of a key, a millisecond or so. A wallet signs one, for itself. */
const MAX_AUTHORIZATIONS = 16;

/** Sets what is signed apart from transactions. */
const MAGIC = 0x05;

/**
 * @param list - the tuples `[chain id, address, nonce, y parity, r, s]`.
 * @throws Undecodable for none of them, too many, and tuples of another shape.
 */
export function readAuthorizations(list: RlpFields): readonly Authorization[] {
  const authorizations: Authorization[] = [];
  while (!list.done) {
    if (authorizations.length === MAX_AUTHORIZATIONS) throw new Undecodable("too many authorizations");
    authorizations.push(readAuthorization(list.list("an authorization")));
  }
  if (authorizations.length === 0) throw new Undecodable("an authorization list without authorizations");
  return authorizations;
}

function readAuthorization(tuple: RlpFields): Authorization {
  const chainId = tuple.integer("an authorization's chain id", 32);
  const address = tuple.fixed("an authorization's address", 20);
  const nonce = tuple.integer("an authorization's nonce", 8);
  const signed = tuple.read;
  const parity = tuple.integer("an authorization's parity", 1);
  const r = tuple.integer("an authorization's r", 32);
  const s = tuple.integer("an authorization's s", 32);
  tuple.finish("an authorization");
  const authority = signerOf(signed, r, s, parity);
  return { chainId, address, nonce, ...(authority === undefined ? {} : { authority }) };
}

/** Whose signature it is, by the rules of the chain: no high `s`, parity 0 or 1. */
function signerOf(items: Uint8Array, r: bigint, s: bigint, parity: bigint): string | undefined {
  if (parity > 1n) return undefined;
  const prefix = items.length > 55 ? [0xf8, items.length] : [0xc0 + items.length];
  const digest = keccak_256(Uint8Array.of(MAGIC, ...prefix, ...items));
  let key: Uint8Array;
  try {
    const signature = new secp256k1.Signature(r, s, Number(parity));
    if (signature.hasHighS()) return undefined;
    key = signature.recoverPublicKey(digest).toBytes(false);
  } catch {
    // It says so of numbers out of range and of no point on the curve, and there is nothing else to say.
    return undefined;
  }
  return hexOf(keccak_256(key.subarray(1)).subarray(12));
}
