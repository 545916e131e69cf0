/** ADR-36 of the Cosmos SDK: a message as an Amino sign document that is no transaction on any chain. */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { base64, bech32 } from "@scure/base";
import type { Hex } from "../evm/call.ts";
import { hexOf } from "../evm/rlp-fields.ts";
import { Undecodable } from "../undecodable.ts";
import { messageBytes } from "./message-bytes.ts";
import { readableText } from "./readable-text.ts";

/** @property text - the message, where people can read it. */
export interface Adr36Message {
  readonly digest: Hex;
  readonly text?: string;
}

/**
 * The digest is SHA-256 of the document's canonical JSON: members sorted, nothing between them, and `&`, `<` and `>`
 * escaped, none of which stands in base64 or in an address. No chain, no fee, account and sequence 0: no transaction
 * has that.
 *
 * @param message - hex, `0x` optional.
 * @param signer - the bech32 address that signs, in lower case.
 * @throws Undecodable for what is not hex, for more than 128 KiB, and for a signer that is no such address.
 */
export function readAdr36(message: string, signer: string): Adr36Message {
  const bytes = messageBytes(message);
  if (!isAddress(signer)) throw new Undecodable("ADR-36: the signer is no bech32 address");
  // In the order of their names, which is the order that the digest needs.
  const document = JSON.stringify({
    account_number: "0",
    chain_id: "",
    fee: { amount: [], gas: "0" },
    memo: "",
    msgs: [{ type: "sign/MsgSignData", value: { data: base64.encode(bytes), signer } }],
    sequence: "0",
  });
  const text = readableText(bytes);
  return {
    digest: hexOf(sha256(utf8ToBytes(document))),
    ...(text === undefined ? {} : { text }),
  };
}

function isAddress(text: string): boolean {
  if (!/^[a-z0-9]{1,83}1[02-9ac-hj-np-z]{6,}$/.test(text)) return false;
  try {
    bech32.decodeToBytes(text);
    return true;
  } catch {
    return false;
  }
}
