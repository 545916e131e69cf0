/**
 * Extended public keys, as Cobo writes them, and their children.
 *
 * - secp256k1: BIP-32, `xpub…`.
 * - Ed25519: Cobo's own way (CoboGlobal/cobo-mpc-recovery-kits, `pkg/crypto/eddsa_ckd_nh.go` at 7b819a9): the bytes and
 *   steps of BIP-32 with version 02e8de90 (`cpub…`), the key as 00 and its 32 bytes of RFC 8032, and the left half of
 *   the HMAC, big-endian and modulo the order of the base point, as the scalar that is added. That is neither SLIP-10,
 *   which has no public derivation for this curve, nor BIP32-Ed25519.
 */
import { createHmac } from "node:crypto";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { createBase58check } from "@scure/base";
import { hash160 } from "./bitcoin-address.ts";
import { type Curve, POINTS } from "./curve-points.ts";

/** @property bytes - 33, compressed, on secp256k1; 32 on Ed25519. */
export interface PublicKey {
  readonly curve: Curve;
  readonly bytes: Uint8Array;
}

/**
 * @property depth - steps from the master key, which has 0.
 * @property step - how it was derived; absent where it was read.
 */
export interface ExtendedKey extends PublicKey {
  readonly chainCode: Uint8Array;
  readonly depth: number;
  readonly step?: { readonly parent: ExtendedKey; readonly index: number };
}

/** Why a text is no extended public key that could be derived from. Says nothing of what stands in it. */
export type Unusable =
  /** It may be one, but nobody says how Cobo derives from it. */
  | { readonly unusable: "unknown"; readonly why: string }
  | { readonly unusable: "broken"; readonly why: string };

const base58check = createBase58check(sha256);

const LENGTH = 78;
const VERSION_OF: Readonly<Record<Curve, number>> = { secp256k1: 0x0488b21e, ed25519: 0x02e8de90 };
const MEANINGS: ReadonlyMap<number, Curve | "private"> = new Map([
  [VERSION_OF.secp256k1, "secp256k1"],
  [VERSION_OF.ed25519, "ed25519"],
  [0x0488ade4, "private"],
  [0x02e8da54, "private"],
]);

/** A base58 text of 78 bytes and a checksum has 112 characters at most. */
const MAX_TEXT = 112;

/** @param text - from outside. It may be a private key by mistake, so that no answer repeats it. */
export function readExtendedKey(text: string): ExtendedKey | Unusable {
  const bytes = text.length > MAX_TEXT ? undefined : decoded(text);
  if (bytes?.length !== LENGTH) return broken("no extended key: wrong characters, length or checksum");
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH);
  const curve = MEANINGS.get(view.getUint32(0));
  if (curve === undefined) return { unusable: "unknown", why: "an extended key of another version" };
  if (curve === "private") return broken("an extended private key");
  const depth = view.getUint8(4);
  if (depth === 0 && (view.getUint32(5) !== 0 || view.getUint32(9) !== 0)) {
    return broken("an extended key of depth 0 that has a parent");
  }
  const key = bytes.slice(45);
  const point = curve === "ed25519" && key[0] === 0 ? key.slice(1) : key;
  if (!POINTS[curve].isKey(point)) return broken("an extended key that holds no public key");
  return { curve, bytes: point, chainCode: bytes.slice(13, 45), depth };
}

/**
 * The child of a key without hardening (BIP-32, CKDpub).
 *
 * @param index - below 2^31.
 * @returns undefined where there is no such child, which one index in 2^127 has.
 */
export function childOf(parent: ExtendedKey, index: number): ExtendedKey | undefined {
  const mac = createHmac("sha512", parent.chainCode)
    .update(serialized(parent))
    .update(uint32(index))
    .digest();
  const bytes = POINTS[parent.curve].add(parent.bytes, mac.subarray(0, 32));
  return (
    bytes && {
      curve: parent.curve,
      bytes,
      chainCode: Uint8Array.from(mac.subarray(32)),
      depth: parent.depth + 1,
      step: { parent, index },
    }
  );
}

/** A derived key in the spelling of {@link readExtendedKey}. */
export function extendedKeyText(key: ExtendedKey): string {
  const { step } = key;
  const parent = step === undefined ? new Uint8Array(4) : hash160(serialized(step.parent)).slice(0, 4);
  return base58check.encode(
    concatBytes(
      uint32(VERSION_OF[key.curve]),
      Uint8Array.of(key.depth),
      parent,
      uint32(step?.index ?? 0),
      key.chainCode,
      serialized(key),
    ),
  );
}

/** 33 bytes on either curve. */
function serialized({ curve, bytes }: PublicKey): Uint8Array {
  return curve === "ed25519" ? concatBytes(Uint8Array.of(0), bytes) : bytes;
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return base58check.decode(text);
  } catch {
    return undefined;
  }
}

function broken(why: string): Unusable {
  return { unusable: "broken", why };
}
