/** EIP-191, version `E`: the text that `personal_sign` signs. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Hex } from "../evm/call.ts";
import { decodeTransaction } from "../evm/transaction.ts";
import { Undecodable } from "../undecodable.ts";
import { hexOf } from "./typed-data-values.ts";

/** Longer than what anybody reads before signing; hashing it stays below 10 ms. */
const MAX_BYTES = 131_072;

/** The longest text that goes into a document. */
const MAX_TEXT = 4096;

/**
 * @property bytes - what is signed, without the prefix.
 * @property digest - the hash that a wallet signs for them.
 * @property text - the bytes as text, where people can read it whole: UTF-8 of at most 4096 characters, none of
 *   them invisible, a control character or one that turns the direction of writing.
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

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Control characters but tab and line ends; marks that cannot be seen or that reorder; separators of lines. */
const UNREADABLE = /[\p{Cf}\p{Zl}\p{Zp}]|(?![\t\n\r])\p{Cc}/u;

function readableText(bytes: Uint8Array): string | undefined {
  // A character takes four bytes at most.
  if (bytes.length > 4 * MAX_TEXT) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  return text.length > MAX_TEXT || UNREADABLE.test(text) ? undefined : text;
}

function isTransaction(bytes: Uint8Array): boolean {
  try {
    decodeTransaction(bytes);
    return true;
  } catch (error) {
    if (error instanceof Undecodable) return false;
    throw error;
  }
}
