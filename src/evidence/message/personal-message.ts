/** EIP-191, version `E`: the text that `personal_sign` signs. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Hex } from "../evm/call.ts";
import { hexOf } from "../evm/rlp-fields.ts";
import { decodeTransaction } from "../evm/transaction.ts";
import { Undecodable } from "../undecodable.ts";
import { readableText } from "./readable-text.ts";

/** Longer than what anybody reads before signing; hashing it stays below 10 ms. */
const MAX_BYTES = 131_072;

/**
 * @property bytes - what is signed, without the prefix.
 * @property digest - the hash that a wallet signs for them.
 * @property text - the bytes as text, where people can read it whole.
 * @property hashlike - whether they are what a hash is: 32 bytes, or 64 hex digits as text.
 * @property transaction - whether they are an unsigned EVM transaction. Its hash is another than the digest.
 */
export interface PersonalMessage {
  readonly bytes: Uint8Array;
  readonly digest: Hex;
  readonly text?: string | undefined;
  readonly hashlike: boolean;
  readonly transaction: boolean;
}

/**
 * @param message - base64 as RFC 4648 has it: padded, without line ends or stray bits.
 * @throws Undecodable for anything else, for no bytes, and for more than 128 KiB.
 */
export function readPersonalMessage(message: string): PersonalMessage {
  if (message.length > (MAX_BYTES / 3) * 4 + 4) throw new Undecodable("the message is longer than 128 KiB");
  const bytes = Buffer.from(message, "base64");
  // Node skips what it doesn't know; only the canonical spelling comes back as it was.
  if (bytes.toString("base64") !== message) throw new Undecodable("the message is not base64");
  if (bytes.length === 0) throw new Undecodable("the message is empty");
  if (bytes.length > MAX_BYTES) throw new Undecodable("the message is longer than 128 KiB");
  const prefix = Buffer.from(`\u0019Ethereum Signed Message:\n${bytes.length}`);
  const text = readableText(bytes);
  return {
    bytes,
    digest: hexOf(keccak_256(Buffer.concat([prefix, bytes]))),
    ...(text === undefined ? {} : { text }),
    hashlike: bytes.length === 32 || (text !== undefined && HASH_TEXT.test(text)),
    transaction: isTransaction(bytes),
  };
}

const HASH_TEXT = /^(0x)?[0-9a-f]{64}$/i;

function isTransaction(bytes: Uint8Array): boolean {
  try {
    decodeTransaction(bytes);
    return true;
  } catch (error) {
    if (error instanceof Undecodable) return false;
    throw error;
  }
}
