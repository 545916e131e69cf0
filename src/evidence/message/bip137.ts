/** BIP-137: the digest that Bitcoin wallets sign for a message, whatever the type of the address. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Hex } from "../evm/call.ts";
import { hexOf } from "../evm/rlp-fields.ts";
import { compactSize } from "./compact-size.ts";
import { messageBytes } from "./message-bytes.ts";
import { readableText } from "./readable-text.ts";

/** Its length and `Bitcoin Signed Message:\n`. No transaction's preimage begins like it: that would be its version. */
const PREFIX = utf8ToBytes("\u0018Bitcoin Signed Message:\n");

/** @property text - the message, where people can read it. */
export interface TextMessage {
  readonly digest: Hex;
  readonly text?: string;
}

/**
 * @param message - hex, `0x` optional.
 * @throws Undecodable for what is not hex, and for more than 128 KiB.
 */
export function readBip137(message: string): TextMessage {
  const bytes = messageBytes(message);
  const digest = sha256(sha256(concatBytes(PREFIX, compactSize(bytes.length), bytes)));
  const text = readableText(bytes);
  return { digest: hexOf(digest), ...(text === undefined ? {} : { text }) };
}
