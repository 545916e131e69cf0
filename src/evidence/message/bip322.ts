/**
 * BIP-322: a message is signed by spending, in a transaction that cannot exist, an output of the address that commits
 * to the message. What is signed is that transaction's signature hash for the type of the address.
 *
 * The forms are `simple`, and `full` without further inputs or time locks: for one key both sign the same hash.
 */

import { equalBytes } from "@noble/curves/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Hex } from "../evm/call.ts";
import { hexOf } from "../evm/rlp-fields.ts";
import { type BitcoinAddress, hash160, readBitcoinAddress, scriptOf } from "../keys/bitcoin-address.ts";
import { Undecodable } from "../undecodable.ts";
import { compactSize } from "./compact-size.ts";
import { messageBytes } from "./message-bytes.ts";
import { readableText } from "./readable-text.ts";

/**
 * @property digests - what may be signed for the message: one hash, or for taproot the two that BIP-322 allows. A
 *   request brings one, and it is one of these. They mean the same.
 * @property text - the message, where people can read it.
 */
export interface Bip322Message {
  readonly digests: readonly Hex[];
  readonly text?: string;
}

/**
 * @param message - hex, `0x` optional.
 * @param address - that signs, of Bitcoin's main network or testnet: P2WPKH, P2TR, P2PKH or, with the key, P2SH over
 *   P2WPKH.
 * @param publicKey - of the address, compressed. Only P2SH needs it: the signature hash holds the key's hash, and the
 *   address doesn't.
 * @throws Undecodable for what is not hex, for more than 128 KiB, and for an address that takes more than one key.
 */
export function readBip322(message: string, address: string, publicKey?: Uint8Array): Bip322Message {
  const bytes = messageBytes(message);
  const signer = readBitcoinAddress(address);
  if (signer === undefined) throw new Undecodable("BIP-322: the signer is no Bitcoin address");
  const spent = spentId(bytes, scriptOf(signer));
  const text = readableText(bytes);
  return {
    digests: digestsOf(spent, signer, publicKey).map(hexOf),
    ...(text === undefined ? {} : { text }),
  };
}

const MESSAGE_TAG = "BIP0322-signed-message";
const U32_ZERO = new Uint8Array(4);
const U64_ZERO = new Uint8Array(8);
const U32_ONE = Uint8Array.of(1, 0, 0, 0);
const NO_OUTPOINT = concatBytes(new Uint8Array(32), new Uint8Array(4).fill(0xff));
const SIGHASH_DEFAULT = 0;
const SIGHASH_ALL = 1;
/** No value, and a script that is OP_RETURN alone. */
const TO_SIGN_OUTPUT = concatBytes(U64_ZERO, Uint8Array.of(1, 0x6a));

/** The id of `to_spend`, whose only output has the address's script and commits to the message. */
function spentId(message: Uint8Array, script: Uint8Array): Uint8Array {
  const scriptSig = concatBytes(Uint8Array.of(0, 32), taggedHash(MESSAGE_TAG, message));
  return sha256d(
    concatBytes(
      U32_ZERO,
      Uint8Array.of(1),
      NO_OUTPOINT,
      withLength(scriptSig),
      U32_ZERO,
      Uint8Array.of(1),
      U64_ZERO,
      withLength(script),
      U32_ZERO,
    ),
  );
}

function digestsOf(
  spent: Uint8Array,
  signer: BitcoinAddress,
  publicKey: Uint8Array | undefined,
): Uint8Array[] {
  switch (signer.script) {
    case "p2pkh":
      return [legacyHash(spent, scriptOf(signer))];
    case "p2wpkh":
      return [witnessHash(spent, signer.program)];
    case "p2sh":
      return [witnessHash(spent, nestedProgram(signer, publicKey))];
    case "p2tr":
      return [SIGHASH_DEFAULT, SIGHASH_ALL].map((type) => taprootHash(spent, scriptOf(signer), type));
    case "p2wsh":
      throw new Undecodable("BIP-322: what a script's address signs takes the script");
  }
}

function nestedProgram(signer: BitcoinAddress, publicKey: Uint8Array | undefined): Uint8Array {
  if (publicKey === undefined) throw new Undecodable("BIP-322: what a P2SH address signs takes its key");
  const program = hash160(publicKey);
  if (!equalBytes(hash160(scriptOf({ script: "p2wpkh", program })), signer.program)) {
    throw new Undecodable("BIP-322: the P2SH address is not P2WPKH of the key");
  }
  return program;
}

/** Of `to_sign` before segregated witness, SIGHASH_ALL. */
function legacyHash(spent: Uint8Array, script: Uint8Array): Uint8Array {
  return sha256d(
    concatBytes(
      U32_ZERO,
      Uint8Array.of(1),
      spent,
      U32_ZERO,
      withLength(script),
      U32_ZERO,
      Uint8Array.of(1),
      TO_SIGN_OUTPUT,
      U32_ZERO,
      U32_ONE,
    ),
  );
}

/** Of `to_sign` by BIP-143, SIGHASH_ALL. */
function witnessHash(spent: Uint8Array, program: Uint8Array): Uint8Array {
  const outpoint = concatBytes(spent, U32_ZERO);
  return sha256d(
    concatBytes(
      U32_ZERO,
      sha256d(outpoint),
      sha256d(U32_ZERO),
      outpoint,
      withLength(scriptOf({ script: "p2pkh", program })),
      U64_ZERO,
      U32_ZERO,
      sha256d(TO_SIGN_OUTPUT),
      U32_ZERO,
      U32_ONE,
    ),
  );
}

/** Of `to_sign` by BIP-341, by the key's path and without an annex. */
function taprootHash(spent: Uint8Array, script: Uint8Array, type: number): Uint8Array {
  return taggedHash(
    "TapSighash",
    concatBytes(
      Uint8Array.of(0, type),
      U32_ZERO,
      U32_ZERO,
      sha256(concatBytes(spent, U32_ZERO)),
      sha256(U64_ZERO),
      sha256(withLength(script)),
      sha256(U32_ZERO),
      sha256(TO_SIGN_OUTPUT),
      Uint8Array.of(0),
      U32_ZERO,
    ),
  );
}

/** BIP-340. */
function taggedHash(tag: string, bytes: Uint8Array): Uint8Array {
  const prefix = sha256(utf8ToBytes(tag));
  return sha256(concatBytes(prefix, prefix, bytes));
}

function sha256d(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}

function withLength(bytes: Uint8Array): Uint8Array {
  return concatBytes(compactSize(bytes.length), bytes);
}
